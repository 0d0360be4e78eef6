"""Runs scim-sanity's probe. Its own command wants the token as an argument, where every user of the machine sees it."""

import os
import sys

from scim_sanity.probe.runner import run_probe

sys.exit(
    run_probe(
        os.environ["SCIM_URL"],
        token=os.environ["SCIM_TOKEN"],
        json_output=True,
        accept_side_effects=True,
    )
)
