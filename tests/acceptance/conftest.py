"""A running product with data, a provider on loopback, and folders for products of a test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hook_receiver import Receiver, receiving
from market_provider import Provider, listening
from product_support import GENEROUS, SQL_QUIET, Product, create_key, running

Launch = Callable[..., Product]


@pytest.fixture(scope="session")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Secrets as `cryptointel secrets` makes them."""
    folder = tmp_path_factory.mktemp("secrets") / "made"
    Product(folder, {"SECRETS_DIR": str(folder)}).run("secrets")
    return folder


@pytest.fixture
def provider() -> Iterator[Provider]:
    with listening() as found:
        yield found


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def launch(secrets: Path, provider: Provider, tmp_path: Path) -> Iterator[Launch]:
    """Start a product of this test's own; `folder` names its data, settings go by their names."""
    with ExitStack() as stack:

        def start(folder: str = "data", **settings: str) -> Product:
            product = Product(tmp_path / folder, {**common(secrets, provider), **settings})
            stack.enter_context(running(product))
            return product

        yield start


@pytest.fixture(scope="session")
def shared_product(
    secrets: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Product, Provider]]:
    folder = tmp_path_factory.mktemp("product")
    with listening() as provider, running(Product(folder, common(secrets, provider))) as product:
        product.rows(SQL_QUIET)
        assert product.collect()["status"] == "ok"
        yield product, provider


@pytest.fixture
def product(shared_product: tuple[Product, Provider]) -> Product:
    """The product all tests of a worker share, with data, and a key that no limit stops."""
    found = shared_product[0]
    if found.key_limit != GENEROUS:
        found.key, found.key_limit = create_key(found), GENEROUS
    return found


def common(secrets: Path, provider: Provider) -> dict[str, Any]:
    return {
        "SECRETS_DIR": str(secrets),
        "BINANCE_URL": provider.url,
        # another name of the same server, for limits are kept by host
        "COINGECKO_URL": provider.url.replace("127.0.0.1", "localhost"),
        "WEBHOOK_NETWORKS": "127.0.0.0/8",
    }
