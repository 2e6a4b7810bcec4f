"""AES, for the platforms that want numbers encrypted. The only module that imports `cryptography`.

The platform hands out a fixed key and a fixed initialisation vector, so equal numbers look equal: it is the
platform's protocol, not ours, and TLS is around it.
"""

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

KEY_BYTES = (16, 24, 32)
IV_BYTES = 16


def aes_cbc(key: bytes, iv: bytes, text: str) -> bytes:
    """AES-CBC of a text in UTF-8 with PKCS#7 padding. `ValueError` on a key or vector of the wrong length."""
    padder = PKCS7(algorithms.AES.block_size).padder()
    padded = padder.update(text.encode()) + padder.finalize()
    encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return encryptor.update(padded) + encryptor.finalize()
