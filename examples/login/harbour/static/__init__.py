"""Files that never change under their address: the address holds their digest."""

from __future__ import annotations

import hashlib
from pathlib import Path

CONTENT = Path(__file__).with_name("harbour.css").read_bytes()
DIGEST = hashlib.sha256(CONTENT).hexdigest()[:16]
STYLESHEET = f"/static/{DIGEST}/harbour.css"
