"""What starting refuses, and says."""

import base64
import secrets
from pathlib import Path

from tests.journeys.processes import DevServer, dream_api


def test_a_wrong_master_key_is_refused(tmp_path: Path) -> None:
    """The stores stay as they are, and the message says what to set."""
    server = DevServer(tmp_path / "data").start()
    server.stop()
    (tmp_path / "data" / "master.key").write_text(
        base64.b64encode(secrets.token_bytes(32)).decode()
    )

    refused = dream_api("serve", "--data", str(server.data_dir), "--port", str(server.port))

    assert 2 == refused.returncode
    assert "DREAM_MASTER_KEY" in refused.stderr


def test_a_public_address_needs_settings_of_its_own(tmp_path: Path) -> None:
    """Every development default that would face the public is named."""
    dream_api("migrate", "--data", str(tmp_path))

    refused = dream_api(
        "serve", "--data", str(tmp_path), environment={"DREAM_PUBLIC_URL": "http://dream.example"}
    )

    assert 2 == refused.returncode
    for name in (
        "DREAM_MASTER_KEY", "DREAM_STRIPE_SECRET_KEY", "DREAM_STRIPE_CONNECT_WEBHOOK_SECRETS",
        "DREAM_SMTP_URL", "https://",
    ):  # fmt: skip
        assert name in refused.stderr


def test_serving_that_is_refused_leaves_nothing_behind(tmp_path: Path) -> None:
    """Neither a public address without settings nor a folder without stores gets a master key."""
    for environment in ({"DREAM_PUBLIC_URL": "http://dream.example"}, {}):
        refused = dream_api("serve", "--data", str(tmp_path / "new"), environment=environment)

        assert 2 == refused.returncode
    assert not (tmp_path / "new").exists()


def test_a_folder_that_was_never_migrated_is_refused(tmp_path: Path) -> None:
    """``serve`` names the command that makes it ready."""
    refused = dream_api("serve", "--data", str(tmp_path))

    assert 2 == refused.returncode
    assert "dream-api migrate" in refused.stderr


def test_several_workers_on_sqlite_are_refused(tmp_path: Path) -> None:
    """An SQLite store has one serving process."""
    refused = dream_api("serve", "--data", str(tmp_path), "--workers", "2")

    assert 2 == refused.returncode
    assert "--workers" in refused.stderr


def test_a_setting_that_is_wrong_is_named(tmp_path: Path) -> None:
    """A typing mistake in the environment is one readable line."""
    refused = dream_api(
        "migrate", "--data", str(tmp_path), environment={"DREAM_PLATFORM_PRICE_CENTS": "a lot"}
    )

    assert 2 == refused.returncode
    assert "DREAM_PLATFORM_PRICE_CENTS" in refused.stderr
