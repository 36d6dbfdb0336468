"""The product's own settings, with the data in a directory that goes when the tests end."""

import atexit
import os
import shutil
import tempfile

# One directory per run, so that two runs at the same time do not meet. Set before the settings
# are read; the processes that tests start inherit it.
_scratch = tempfile.mkdtemp(prefix="selflearn-test-")
atexit.register(shutil.rmtree, _scratch, ignore_errors=True)
os.environ["DATA_DIR"] = _scratch
for _name in ("ALLOWED_HOSTS", "DEBUG", "HTTPS", "PRODUCTION", "PROXY_COUNT", "SIMULATION"):
    os.environ[_name] = ""
os.environ["ALLOWED_HOSTS"] = "localhost,127.0.0.1,[::1]"

from selflearn.settings import *  # noqa: E402, F403

# Hashing a password is slow on purpose; tests need no such protection.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
