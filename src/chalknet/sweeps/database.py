"""The database behind a board: opened, locked, and its complaints turned into sentences."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chalknet.errors import ConfigurationError, DataNotFoundError, MissingLibraryError

__all__ = ["alone_on", "as_url", "database_errors", "optuna_library", "without_warnings"]


def as_url(place: str | Path) -> str:
    """A database URL as it is, a path as the SQLite file there."""
    text = str(place)
    return text if "://" in text else f"sqlite:///{Path(text).absolute()}"


def optuna_library() -> Any:
    """Optuna, told to be quiet.

    Raises
    ------
    MissingLibraryError
        It is not installed.
    """
    try:
        import optuna
    except ImportError:
        raise MissingLibraryError(
            "sweeps are kept by Optuna, which is not installed: pip install 'chalknet[sweep]'."
        ) from None
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna


@contextlib.contextmanager
def alone_on(url: str) -> Iterator[None]:
    """Keep other processes from taking a point meanwhile; a database server does so itself."""
    if not url.startswith("sqlite"):
        yield
        return
    path = url.removeprefix("sqlite:///")
    with Path(f"{path}.lock").open("w") as lock:
        try:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX)
        except ImportError:  # not on this system: one process at a time, then
            pass
        yield


@contextlib.contextmanager
def without_warnings() -> Iterator[None]:
    """Optuna calls heartbeats experimental, and warns of using them outside its own loop."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextlib.contextmanager
def database_errors(url: str) -> Iterator[None]:
    """What a database or its driver complains of, as one sentence.

    Raises
    ------
    DataNotFoundError, ConfigurationError, MissingLibraryError
    """
    optuna = optuna_library()
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

    shown = without_password(url)
    try:
        yield
    except ImportError as error:
        raise MissingLibraryError(
            f"{shown}: the database's driver is not installed ({error}); for PostgreSQL: "
            "pip install 'psycopg[binary]', with a URL that begins with postgresql+psycopg://."
        ) from None
    except (ArgumentError, NoSuchModuleError) as error:
        raise ConfigurationError(f"{shown}: this is no database URL ({error}).") from None
    except (SQLAlchemyError, optuna.exceptions.StorageInternalError) as error:
        cause = error if isinstance(error, SQLAlchemyError) else error.__cause__ or error
        reason = str(getattr(cause, "orig", None) or cause).strip().splitlines()[0]
        raise DataNotFoundError(f"{shown}: the database cannot be used ({reason}).") from None


def without_password(url: str) -> str:
    """A URL as it may be shown.

    >>> without_password("postgresql+psycopg://me:secret@host/sweeps")
    'postgresql+psycopg://me@host/sweeps'
    """
    scheme, mark, rest = url.partition("://")
    login, at, host = rest.rpartition("@")
    return f"{scheme}{mark}{login.partition(':')[0]}{at}{host}"
