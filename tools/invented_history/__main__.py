"""Print the sample history."""

import sys

from tools.invented_history import history

sys.stdout.write(history())
