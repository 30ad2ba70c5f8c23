"""Print the invented history."""

import sys

from tools.invented_history import history

sys.stdout.write(history())
