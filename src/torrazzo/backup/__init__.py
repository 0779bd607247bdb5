# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a town needs to go on when its machine is lost, as one file; never footage, never what opens footage.

Takes     a home, also while it is being served; people's keys for age, if the file is to be encrypted.
Gives     one tar with a manifest; from it, a home as it was.
Promises  databases as of one moment; a home is restored whole or not at all; secrets leave only encrypted.
Never     reads footage, the ring, the vault or what was sent to whom; believes that what it restores is the newest.
Read      contents.py, create.py, restore.py. Manual: docs/1-operate/backup.md
"""

from torrazzo.backup.create import Created, create_backup
from torrazzo.backup.manifest import Manifest
from torrazzo.backup.restore import Restored, restore_backup

__all__ = ["Created", "Manifest", "Restored", "create_backup", "restore_backup"]
