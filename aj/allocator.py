"""glibc's allocator for programs that make and drop large tensors: it keeps what it has, in huge pages (Linux).

Otherwise each tensor is mapped anew, page by page. By turns on two cores, a training step of the demo took 1.42 and
1.46 s instead of 1.69 and 1.96 s.
"""

import os
import sys

NAME = "GLIBC_TUNABLES"
KEEP = 2**40
"""More bytes than any tensor has."""
TUNABLES = f"glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold={KEEP}:glibc.malloc.trim_threshold={KEEP}"


def keep_memory() -> None:
    """Begin this program again with these settings, which glibc reads when a process starts; a user's own stay."""
    if sys.platform == "linux" and NAME not in os.environ:
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], os.environ | {NAME: TUNABLES})
