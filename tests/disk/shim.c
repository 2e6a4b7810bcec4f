/* Stands between a process and the C library for the calls that change files below one directory.
 *
 * It writes down what reached the kernel and in which order (tests/disk/record.py reads it), or lets a chosen call
 * fail. Every such call is made under one lock, so the order in the log is the order in which they happened.
 *
 *   DISK_SHIM_ROOT   the directory, as realpath gives it; calls on anything else pass through
 *   DISK_SHIM_LOG    where to write the log; unset: no log
 *   DISK_SHIM_ACK    a descriptor: what is written to it is an acknowledgement, and goes into the log too
 *   DISK_SHIM_FAULT  "KIND FIRST LAST": these calls fail (from 1 on), see disk_shim_arm
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* Offsets are 64 bits with and without the suffix, so that open and open64 are one function. */
_Static_assert(sizeof(off_t) == 8, "made for 64-bit systems");

enum kind { CREATE = 1, MKDIR, RENAME, UNLINK, WRITE, TRUNCATE, SYNC, ACK, MSYNC };
enum { DSYNC = 1 };
enum call { OTHER, ANY_WRITE, DSYNC_WRITE };
enum fault { NONE, EIO_FAULT, ENOSPC_FAULT, SHORT_FAULT, KILL_FAULT, META_FAULT };

struct head {
    uint8_t kind, flags;
    uint16_t from, to; /* bytes of the two paths that follow */
    uint16_t pad;
    uint64_t inode;
    uint64_t offset; /* or the new length */
    uint64_t size;   /* bytes of data that follow the paths */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char root[PATH_MAX];
static size_t root_length;
static int log_fd = -1, ack_fd = -1;
static dev_t device;
static ino_t *known;
static size_t known_count, known_room;

static int fault_kind;
static long fault_first, fault_last, fault_calls, fault_fired;

/* Let calls FIRST to LAST, counted from now, fail. SHORT_FAULT counts writes only and lets them write half;
 * KILL_FAULT ends the process in place of the call; META_FAULT counts writes through O_DSYNC descriptors, by which LMDB
 * says which transaction is the last, and finds no space for them. */
void disk_shim_arm(int kind, long first, long last) {
    pthread_mutex_lock(&lock);
    fault_kind = kind;
    fault_first = first;
    fault_last = last;
    fault_calls = fault_fired = 0;
    pthread_mutex_unlock(&lock);
}

/* How many calls were made to fail since then. */
long disk_shim_fired(void) { return fault_fired; }

static void learn(ino_t inode) {
    for (size_t i = 0; i < known_count; i++)
        if (known[i] == inode)
            return;
    if (known_count == known_room) {
        known_room = known_room ? 2 * known_room : 64;
        known = realloc(known, known_room * sizeof *known);
        if (known == NULL)
            abort();
    }
    known[known_count++] = inode;
}

__attribute__((constructor)) static void begin(void) {
    const char *where = getenv("DISK_SHIM_ROOT"), *log = getenv("DISK_SHIM_LOG"), *ack = getenv("DISK_SHIM_ACK");
    const char *fault = getenv("DISK_SHIM_FAULT");
    struct stat status;
    if (where == NULL)
        return;
    if (strlen(where) >= sizeof root || stat(where, &status) != 0) {
        dprintf(2, "disk shim: %s: %s\n", where, strerror(errno));
        _exit(127);
    }
    strcpy(root, where);
    root_length = strlen(root);
    device = status.st_dev;
    learn(status.st_ino);
    if (log != NULL) {
        log_fd = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (log_fd < 0) {
            dprintf(2, "disk shim: %s: %s\n", log, strerror(errno));
            _exit(127);
        }
    }
    if (ack != NULL)
        ack_fd = atoi(ack);
    if (fault != NULL && sscanf(fault, "%d %ld %ld", &fault_kind, &fault_first, &fault_last) != 3) {
        dprintf(2, "disk shim: bad DISK_SHIM_FAULT\n");
        _exit(127);
    }
}

/* The path below the root, or NULL if it is elsewhere. `out` has PATH_MAX bytes. */
static const char *below(int directory, const char *path, char *out) {
    if (root_length == 0 || path == NULL)
        return NULL;
    if (path[0] == '/') {
        if (strlen(path) >= PATH_MAX)
            return NULL;
        strcpy(out, path);
    } else {
        char link[64];
        ssize_t length;
        if (directory == AT_FDCWD)
            snprintf(link, sizeof link, "/proc/self/cwd");
        else
            snprintf(link, sizeof link, "/proc/self/fd/%d", directory);
        length = readlink(link, out, PATH_MAX - 1);
        if (length < 0 || (size_t)length + 2 + strlen(path) > PATH_MAX)
            return NULL;
        out[length] = '/';
        strcpy(out + length + 1, path);
    }
    if (strncmp(out, root, root_length) != 0 || (out[root_length] != '/' && out[root_length] != '\0'))
        return NULL;
    return out + root_length + (out[root_length] == '/');
}

/* Whether a descriptor is of a file that was opened below the root. Leaves errno alone. */
static int ours(int fd, struct stat *status) {
    int before = errno, found = 0;
    if (root_length != 0 && fstat(fd, status) == 0 && status->st_dev == device)
        for (size_t i = 0; i < known_count && !found; i++)
            found = known[i] == status->st_ino;
    errno = before;
    return found;
}

static void note(enum kind kind, int flags, ino_t inode, uint64_t offset, const char *from, const char *to,
                 const struct iovec *data, int pieces, size_t size) {
    int before = errno;
    if (log_fd >= 0) {
        struct head head = {.kind = kind, .flags = flags, .inode = inode, .offset = offset, .size = size};
        struct iovec all[3 + 1024];
        int count = 3;
        size_t left = size, whole;
        head.from = from ? strlen(from) : 0;
        head.to = to ? strlen(to) : 0;
        all[0] = (struct iovec){&head, sizeof head};
        all[1] = (struct iovec){(void *)from, head.from};
        all[2] = (struct iovec){(void *)to, head.to};
        whole = sizeof head + head.from + head.to + size;
        for (int i = 0; i < pieces && left > 0; i++, count++) {
            if (count == 3 + 1024)
                abort();
            all[count] = data[i];
            if (all[count].iov_len > left)
                all[count].iov_len = left;
            left -= all[count].iov_len;
        }
        if (syscall(SYS_writev, log_fd, all, count) != (ssize_t)whole) {
            dprintf(2, "disk shim: the log cannot be written: %s\n", strerror(errno));
            _exit(127);
        }
    }
    errno = before;
}

/* What the next call is to suffer. */
static enum fault due(enum call call) {
    if (fault_kind == NONE || (fault_kind == SHORT_FAULT && call == OTHER) ||
        (fault_kind == META_FAULT && call != DSYNC_WRITE))
        return NONE;
    fault_calls++;
    if (fault_calls < fault_first || fault_calls > fault_last)
        return NONE;
    fault_fired++;
    if (fault_kind == KILL_FAULT)
        kill(getpid(), SIGKILL);
    return fault_kind;
}

static int number(enum fault fault) { return fault == EIO_FAULT ? EIO : ENOSPC; }

static int made(int fd, int flags, int existed, const char *path) {
    struct stat status;
    if (fd >= 0 && fstat(fd, &status) == 0) {
        learn(status.st_ino);
        if ((flags & O_CREAT) && !existed)
            note(CREATE, 0, status.st_ino, 0, path, NULL, NULL, 0, 0);
        else if ((flags & O_TRUNC) && S_ISREG(status.st_mode))
            note(TRUNCATE, 0, status.st_ino, 0, NULL, NULL, NULL, 0, 0);
    }
    return fd;
}

static int open_at(int directory, const char *path, int flags, mode_t mode) {
    char buffer[PATH_MAX];
    const char *inside = below(directory, path, buffer);
    int fd;
    if (inside == NULL)
        return syscall(SYS_openat, directory, path, flags, mode);
    pthread_mutex_lock(&lock);
    if (flags & O_CREAT) {
        struct stat status;
        int before = errno, existed = fstatat(directory, path, &status, AT_SYMLINK_NOFOLLOW) == 0;
        enum fault fault = existed ? NONE : due(OTHER);
        errno = before;
        if (fault != NONE) {
            errno = number(fault);
            fd = -1;
        } else
            fd = made(syscall(SYS_openat, directory, path, flags, mode), flags, existed, inside);
    } else
        fd = made(syscall(SYS_openat, directory, path, flags, mode), flags, 1, inside);
    pthread_mutex_unlock(&lock);
    return fd;
}

#define MODE(flags)                                                                                                    \
    ({                                                                                                                 \
        mode_t found = 0;                                                                                              \
        if ((flags) & (O_CREAT | __O_TMPFILE)) {                                                                       \
            va_list rest;                                                                                              \
            va_start(rest, flags);                                                                                     \
            found = va_arg(rest, mode_t);                                                                              \
            va_end(rest);                                                                                              \
        }                                                                                                              \
        found;                                                                                                         \
    })

int open(const char *path, int flags, ...) { return open_at(AT_FDCWD, path, flags, MODE(flags)); }
int open64(const char *path, int flags, ...) { return open_at(AT_FDCWD, path, flags, MODE(flags)); }
int openat(int directory, const char *path, int flags, ...) { return open_at(directory, path, flags, MODE(flags)); }
int openat64(int directory, const char *path, int flags, ...) { return open_at(directory, path, flags, MODE(flags)); }

/* Every way of writing ends here; `offset` of -1 is where the descriptor stands. */
static ssize_t put(int fd, const struct iovec *data, int pieces, off_t offset) {
    struct stat status;
    ssize_t written;
    int descriptor_flags;
    off_t at = offset;
    enum fault fault;
    pthread_mutex_lock(&lock);
    if (fd == ack_fd) {
        written = syscall(SYS_writev, fd, data, pieces);
        if (written > 0)
            note(ACK, 0, 0, 0, NULL, NULL, data, pieces, written);
        pthread_mutex_unlock(&lock);
        return written;
    }
    if (!ours(fd, &status)) {
        pthread_mutex_unlock(&lock);
        return offset < 0 ? syscall(SYS_writev, fd, data, pieces) : syscall(SYS_pwritev, fd, data, pieces, offset, 0);
    }
    descriptor_flags = fcntl(fd, F_GETFL);
    if (offset < 0)
        at = descriptor_flags & O_APPEND ? status.st_size : lseek(fd, 0, SEEK_CUR);
    fault = due(descriptor_flags & O_DSYNC ? DSYNC_WRITE : ANY_WRITE);
    if (fault == SHORT_FAULT) {
        struct iovec half = {data[0].iov_base, (data[0].iov_len + 1) / 2};
        written = syscall(SYS_pwritev, fd, &half, 1, at, 0);
        if (written > 0 && offset < 0)
            lseek(fd, at + written, SEEK_SET);
    } else if (fault != NONE) {
        errno = number(fault);
        written = -1;
    } else
        written = offset < 0 ? syscall(SYS_writev, fd, data, pieces) : syscall(SYS_pwritev, fd, data, pieces, at, 0);
    if (written > 0)
        note(WRITE, descriptor_flags & O_DSYNC ? DSYNC : 0, status.st_ino, at, NULL, NULL, data, pieces, written);
    pthread_mutex_unlock(&lock);
    return written;
}

ssize_t write(int fd, const void *data, size_t size) {
    return put(fd, &(struct iovec){(void *)data, size}, 1, -1);
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) {
    return put(fd, &(struct iovec){(void *)data, size}, 1, offset);
}
ssize_t pwrite64(int fd, const void *data, size_t size, off_t offset) { return pwrite(fd, data, size, offset); }
ssize_t writev(int fd, const struct iovec *data, int pieces) { return put(fd, data, pieces, -1); }
ssize_t pwritev(int fd, const struct iovec *data, int pieces, off_t offset) { return put(fd, data, pieces, offset); }
ssize_t pwritev64(int fd, const struct iovec *data, int pieces, off_t offset) { return put(fd, data, pieces, offset); }

static int flush(int fd, long call) {
    struct stat status;
    int done;
    enum fault fault;
    pthread_mutex_lock(&lock);
    if (!ours(fd, &status)) {
        pthread_mutex_unlock(&lock);
        return syscall(call, fd);
    }
    if ((fault = due(OTHER)) != NONE) {
        errno = number(fault);
        done = -1;
    } else if ((done = syscall(call, fd)) == 0)
        note(SYNC, 0, status.st_ino, 0, NULL, NULL, NULL, 0, 0);
    pthread_mutex_unlock(&lock);
    return done;
}

int fsync(int fd) { return flush(fd, SYS_fsync); }
int fdatasync(int fd) { return flush(fd, SYS_fdatasync); }

/* Only noted: nothing here is to write through a map, and the reader of the log says so when something does. */
int msync(void *address, size_t length, int flags) {
    note(MSYNC, 0, 0, 0, NULL, NULL, NULL, 0, 0);
    return syscall(SYS_msync, address, length, flags);
}

int ftruncate(int fd, off_t length) {
    struct stat status;
    int done;
    enum fault fault;
    pthread_mutex_lock(&lock);
    if (!ours(fd, &status))
        done = syscall(SYS_ftruncate, fd, length);
    else if ((fault = due(OTHER)) != NONE) {
        errno = number(fault);
        done = -1;
    } else if ((done = syscall(SYS_ftruncate, fd, length)) == 0)
        note(TRUNCATE, 0, status.st_ino, length, NULL, NULL, NULL, 0, 0);
    pthread_mutex_unlock(&lock);
    return done;
}
int ftruncate64(int fd, off_t length) { return ftruncate(fd, length); }

static int move(int from_directory, const char *from, int to_directory, const char *to) {
    char from_buffer[PATH_MAX], to_buffer[PATH_MAX];
    const char *was = below(from_directory, from, from_buffer), *is = below(to_directory, to, to_buffer);
    int done;
    enum fault fault;
    pthread_mutex_lock(&lock);
    if (was == NULL || is == NULL)
        done = syscall(SYS_renameat, from_directory, from, to_directory, to);
    else if ((fault = due(OTHER)) != NONE) {
        errno = number(fault);
        done = -1;
    } else if ((done = syscall(SYS_renameat, from_directory, from, to_directory, to)) == 0)
        note(RENAME, 0, 0, 0, was, is, NULL, 0, 0);
    pthread_mutex_unlock(&lock);
    return done;
}

int rename(const char *from, const char *to) { return move(AT_FDCWD, from, AT_FDCWD, to); }
int renameat(int from_directory, const char *from, int to_directory, const char *to) {
    return move(from_directory, from, to_directory, to);
}

int mkdirat(int directory, const char *path, mode_t mode) {
    char buffer[PATH_MAX];
    const char *inside = below(directory, path, buffer);
    struct stat status;
    int done;
    enum fault fault;
    pthread_mutex_lock(&lock);
    if (inside == NULL)
        done = syscall(SYS_mkdirat, directory, path, mode);
    else if ((fault = due(OTHER)) != NONE) {
        errno = number(fault);
        done = -1;
    } else if ((done = syscall(SYS_mkdirat, directory, path, mode)) == 0 &&
               fstatat(directory, path, &status, AT_SYMLINK_NOFOLLOW) == 0) {
        learn(status.st_ino);
        note(MKDIR, 0, status.st_ino, 0, inside, NULL, NULL, 0, 0);
    }
    pthread_mutex_unlock(&lock);
    return done;
}
int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }

int unlinkat(int directory, const char *path, int flags) {
    char buffer[PATH_MAX];
    const char *inside = below(directory, path, buffer);
    int done;
    pthread_mutex_lock(&lock);
    done = syscall(SYS_unlinkat, directory, path, flags);
    if (done == 0 && inside != NULL)
        note(UNLINK, 0, 0, 0, inside, NULL, NULL, 0, 0);
    pthread_mutex_unlock(&lock);
    return done;
}
int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }
