"""What people who look do with what they saw: the steps with which every task of looks ends, in both languages.

`errands` of the actors puts them behind a pack's own steps, and the client shows them in the reader's language.
"""

LAST_STEPS = (
    (
        "逐个号码执行，用下面的命令报告；报告齐了，任务自动关闭",
        "Do this for each number and report it with the lines below; the task closes itself when all reports are in",
    ),
    (
        "STATUS 写 marked（加 --words 标记原文，有次数加 --marks）、clean、certified（加 --name 名称）"
        "或 unknown（加 --reason）",
        "STATUS is marked (add --words as shown, and --marks if a count is), clean, certified (add --name) or unknown "
        "(add --reason)",
    ),
    (
        "打不开、看不到、验证码不通过时报 --status unknown --reason blocked，绝不报 clean",
        "What could not be seen is --status unknown --reason blocked, never clean",
    ),
)
"""(Chinese, English)."""
