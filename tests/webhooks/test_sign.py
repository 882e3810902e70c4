"""Signatures against the vectors of the specification, of Svix, and published libraries (W1)."""

from __future__ import annotations

from base64 import b64decode

import pytest

from shared.webhooks.sign import headers, new_key_pair, new_secret, signer

BODY = b'{"test": 2432232314}'
ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
ED25519 = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=="
VECTORS = [
    (
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        ID,
        1614265330,
        BODY,
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    ),
    (
        "whsec_plJ3nmyCDGBKInavdOK15jsl",
        "msg_loFOjxBNrRLzqYUf",
        1731705121,
        b'{"event_type":"ping","data":{"success":true}}',
        "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=",
    ),
    (
        ED25519,
        ID,
        1614265330,
        BODY,
        "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==",
    ),
]


@pytest.mark.parametrize(("secret", "id", "timestamp", "body", "expected"), VECTORS)
def test_vectors(secret: str, id: str, timestamp: int, body: bytes, expected: str) -> None:
    assert headers([signer(secret)], id, timestamp, body) == {
        "webhook-id": id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": expected,
    }


def test_during_rotation_both_sign_with_one_space_between() -> None:
    both = headers([signer(VECTORS[0][0]), signer(ED25519)], ID, 1614265330, BODY)
    assert both["webhook-signature"] == f"{VECTORS[0][4]} {VECTORS[2][4]}"


def test_new_secrets_have_the_length_the_specification_asks_for() -> None:
    secret = new_secret()
    assert secret.startswith("whsec_")
    assert len(b64decode(secret[6:])) == 32
    assert new_secret() != secret


def test_a_new_key_pair_verifies_with_its_public_key() -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    private, public = new_key_pair()
    assert public.startswith("whpk_")
    assert b64decode(private[5:])[32:] == b64decode(public[5:])
    version, _, signature = signer(private)(b"content").partition(",")
    assert version == "v1a"
    key = Ed25519PublicKey.from_public_bytes(b64decode(public[5:]))
    key.verify(b64decode(signature), b"content")


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_MfKQ9r8G",
        "whsec_" + "A" * 88,
        "whsec_%%%",
        "whsk_MfKQ9r8G",
        "whpk_AA==",
    ],
)
def test_what_is_no_secret_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError):
        signer(wrong)
