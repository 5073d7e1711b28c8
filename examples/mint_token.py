"""A backend that has started a task makes a token for its frontend: good for this one task, for five
minutes, to cancel it and to poll its state.

    GATEWAY_JWT_SECRET=... python3 examples/mint_token.py TASK_ID alice

The gateway's entry: npm run token -- --new-secret
"""

import base64
import hashlib
import hmac
import json
import os
import sys
import time


def encode(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def mint_token(task_id: str, user: str, secret: str) -> str:
    now = int(time.time())
    claims = {
        "iss": "https://issuer.example",
        "aud": "dlc-task-gateway",
        "sub": user,
        "iat": now,
        "exp": now + 300,
        "authorization_details": [
            {"type": "dlc_task", "actions": ["cancel", "read"], "identifier": task_id}
        ],
    }
    parts = [{"alg": "HS256", "typ": "JWT"}, claims]
    text = ".".join(encode(json.dumps(part).encode()) for part in parts)
    mac = hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()
    return f"{text}.{encode(mac)}"


print(mint_token(sys.argv[1], sys.argv[2], os.environ["GATEWAY_JWT_SECRET"]))
