"""What classifier and regressor share: training, at once or part by part."""

from __future__ import annotations

import functools
import warnings
from abc import abstractmethod
from dataclasses import replace
from typing import Any, Self

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.metaestimators import available_if

from chalknet.errors import ConfigurationError
from chalknet.estimators.arguments import Arguments
from chalknet.estimators.callbacks import Listener, SklearnCallbacks, as_functions
from chalknet.estimators.course import Course
from chalknet.estimators.display import display
from chalknet.estimators.fitted import engine_of
from chalknet.estimators.inputs import checked_weights
from chalknet.estimators.inspection import Inspection
from chalknet.estimators.lesson import Lesson
from chalknet.estimators.parameters import STOCHASTIC, Settings, settings_of
from chalknet.estimators.patience import Patience
from chalknet.estimators.problem import Problem
from chalknet.estimators.rates import Pace
from chalknet.estimators.stochastic import Descent, State
from chalknet.estimators.validation import Validation, split_off
from chalknet.estimators.weights import draw_network
from chalknet.layers import Dense
from chalknet.network import Network
from chalknet.operations.activations import as_activation

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:  # scikit-learn before 1.9

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """scikit-learn has no callbacks yet."""

    def with_callbacks(method: Any) -> Any:
        """The method, a frame deeper as theirs is: warnings point at whoever called it."""

        @functools.wraps(method)
        def called(*args: Any, **kwargs: Any) -> Any:
            return method(*args, **kwargs)

        return called


__all__ = ["Perceptron", "learns_in_parts", "with_callbacks"]


def learns_in_parts(estimator: Any) -> bool:
    """Whether its solver can go on with other samples; else ``partial_fit`` is not there."""
    if estimator.solver in STOCHASTIC:
        return True
    raise AttributeError(
        f"partial_fit is for the solvers {', '.join(STOCHASTIC)}: {estimator.solver!r} needs all "
        "samples at once."
    )


class Perceptron(Inspection, CallbackSupportMixin, Arguments):  # type: ignore[misc]
    """A multilayer perceptron; ``MLPClassifier`` and ``MLPRegressor`` say of what."""

    @with_callbacks  # type: ignore[untyped-decorator]
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> Self:
        """Train the network: from the beginning, or with ``warm_start`` from where it is.

        Parameters
        ----------
        X : array-like, DataFrame or sparse matrix (n, features)
            float32 is computed in float32, anything else in float64.
        y : array-like (n,) or (n, outputs)
        sample_weight : array-like (n,), optional
        X_val, y_val, sample_weight_val : optional
            Rows to validate on after each epoch. With ``early_stopping`` they are used instead of
            a part of X.

        Raises
        ------
        ValueError
            An argument or the data is not what it must be.
        DivergedError
            Training made a number that is not finite; a ``ValueError`` too.

        Warns
        -----
        ConvergenceWarning
            Training ended because ``max_iter`` was reached.
        """
        settings = self._settings()
        begins = not (self.warm_start and "coefs_" in self.__dict__)
        lesson = self._weighted(self._lesson(X, y, reset=begins, part=False), sample_weight)
        self._random_state = check_random_state(self.random_state)
        network = self._begin(lesson, settings) if begins else self._go_on(lesson, settings)
        self.n_iter_ = 0
        lesson, validation = self._hold_out(lesson, X_val, y_val, sample_weight_val)
        problem = lesson.problem(
            network, engine_of(self.n_threads), alpha=self.alpha, dropout=settings.dropout
        )
        told = {"X_val": X_val, "y_val": y_val, "sample_weight": sample_weight}
        listeners = self._listeners(X, y, len(lesson), self.max_iter, told)
        course = Course(self, problem, validation, listeners)
        if self.solver == "lbfgs":
            course.minimize()
            return self
        pace = Pace(samples=self.t_)
        self._state = State.begun(settings.optimizer, network.parameters, pace)
        self._warn_of_batch_size(len(lesson))
        ended = course.descend(self._descent(problem, settings, self.max_iter), self.max_iter)
        self._state.order = None  # as long as the data: a fitted estimator should stay small
        if not ended:
            warnings.warn(
                f"Stochastic Optimizer: Maximum iterations ({self.max_iter}) reached and the "
                "optimization hasn't converged yet.",
                ConvergenceWarning,
                stacklevel=3,
            )
        return self

    @available_if(learns_in_parts)  # type: ignore[untyped-decorator]
    @with_callbacks  # type: ignore[untyped-decorator]
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train for one epoch, going on from wherever the network, optimizer and schedule are.

        Parameters
        ----------
        X : array-like, DataFrame or sparse matrix (n, features)
        y : array-like (n,) or (n, outputs)
        sample_weight : array-like (n,), optional

        Raises
        ------
        ValueError
            As in ``fit``; and with ``early_stopping``, which would hold out a part of each part.
        """
        return self._partial_fit(X, y, sample_weight)

    def _partial_fit(self, X: Any, y: Any, sample_weight: Any) -> Self:
        settings = self._settings()
        if self.early_stopping:
            raise ConfigurationError("partial_fit does not support early_stopping=True")
        begins = "coefs_" not in self.__dict__
        lesson = self._weighted(self._lesson(X, y, reset=begins, part=True), sample_weight)
        if "_random_state" not in self.__dict__:
            self._random_state = check_random_state(self.random_state)
        network = self._begin(lesson, settings) if begins else self._go_on(lesson, settings)
        if "_state" in self.__dict__:
            self._state.goes_on_with(settings.optimizer, network.parameters)
            if self.best_loss_ is None:  # it was the score that fit watched
                self._state.patience = Patience()
        else:
            self._state = State.begun(settings.optimizer, network.parameters)
        problem = lesson.problem(
            network, engine_of(self.n_threads), alpha=self.alpha, dropout=settings.dropout
        )
        listeners = self._listeners(X, y, len(lesson), 1, {"sample_weight": sample_weight})
        course = Course(self, problem, None, listeners)
        course.descend(self._descent(problem, settings, self.max_iter), 1)
        return self

    def initialize(self, X: Any, y: Any) -> Self:
        """Draw the weights that ``fit`` would begin with, and learn nothing.

        Afterwards the estimator predicts, ``partial_fit`` and, with ``warm_start``, ``fit`` begin
        with these weights, and ``coefs_`` may be filled with others.

        Parameters
        ----------
        X, y
            As in ``fit``; looked at for the number and names of features and outputs.
        """
        settings = self._settings()
        lesson = self._lesson(X, y, reset=True, part=False)
        self._random_state = check_random_state(self.random_state)
        self._begin(lesson, settings)
        return self

    # -- what a subclass says -----------------------------------------------------------------

    @abstractmethod
    def _lesson(self, X: Any, y: Any, *, reset: bool, part: bool) -> Lesson:
        """Rows and targets, checked; sets what the estimator knows of the outputs.

        ``reset``: whatever it knew is forgotten. ``part``: not all classes need be there.
        """

    @abstractmethod
    def _held_out(self, lesson: Lesson, X: Any, y: Any) -> Lesson:
        """The same of other rows, measured as those of ``lesson`` are."""

    # -- parts of training --------------------------------------------------------------------

    def _settings(self) -> Settings:
        return settings_of(self.get_params(deep=False))

    def _weighted(self, lesson: Lesson, sample_weight: Any) -> Lesson:
        weights = checked_weights(sample_weight, len(lesson))
        return lesson if weights is None else replace(lesson, sample_weight=weights)

    def _begin(self, lesson: Lesson, settings: Settings) -> Network:
        """Forget everything, and draw weights."""
        widths = [self.n_features_in_, *settings.hidden, self.n_outputs_]
        dtype = lesson.X.dtype
        network = draw_network(
            widths,
            settings.activations,
            settings.last_activation,
            settings.draw,
            self._random_state,
            dtype,
        )
        self._adopt(network)
        self.__dict__.pop("_state", None)
        self.__dict__.update(self._first_records())
        return network

    def _first_records(self) -> dict[str, Any]:
        """The records of training before its first epoch."""
        return {
            "n_iter_": 0,
            "t_": 0,
            "loss_curve_": [],
            "best_loss_": None if self.early_stopping else np.inf,
            "best_validation_score_": None,
            "validation_scores_": None,
            "validation_loss_curve_": None,
        }

    def _go_on(self, lesson: Lesson, settings: Settings) -> Network:
        """The network as it is, with the activations that are asked for now."""
        activations = (*settings.activations, as_activation("identity"))
        if "_activations" not in self.__dict__:  # weights were put there by hand
            self._activations = activations
            self.__dict__.update(self._first_records() | self.__dict__)
        network = self._current_network()
        widths = [lesson.X.shape[1], *settings.hidden, self.n_outputs_]
        if network.widths != widths:
            raise ConfigurationError(
                f"training goes on with a network of widths {network.widths}, but the arguments "
                f"and the data call for {widths}: set hidden_layer_sizes back, or fit anew with "
                "warm_start=False."
            )
        if self._activations != activations:
            self._adopt(
                Network(
                    Dense(layer.W, layer.b, activation)
                    for layer, activation in zip(network.layers, activations, strict=True)
                )
            )
        return self._current_network()

    def _hold_out(
        self, lesson: Lesson, X_val: Any, y_val: Any, sample_weight_val: Any
    ) -> tuple[Lesson, Validation | None]:
        """The rows to train on, and those to validate on: given, split off, or none."""
        if X_val is None and (y_val is not None or sample_weight_val is not None):
            raise ConfigurationError("y_val and sample_weight_val need X_val beside them.")
        if X_val is not None:
            if y_val is None:
                raise ConfigurationError("X_val needs y_val beside it.")
            given = self._held_out(lesson, X_val, y_val)
            weights = checked_weights(sample_weight_val, len(given), "sample_weight_val")
            return lesson, replace(given, sample_weight=weights).validation()
        if not self.early_stopping or self.solver == "lbfgs":
            return lesson, None
        rows, held_out = split_off(
            len(lesson), self.validation_fraction, self._random_state, lesson.stratify
        )
        return lesson.take(rows), lesson.take(held_out).validation()

    def _descent(self, problem: Problem, settings: Settings, epochs: int) -> Descent:
        batch_size = 200 if isinstance(self.batch_size, str) else self.batch_size
        return Descent(
            problem,
            self._state,
            settings.rate,
            batch_size=min(batch_size, problem.X.shape[0]),
            shuffle=self.shuffle,
            random_state=self._random_state,
            epochs=epochs,
        )

    def _warn_of_batch_size(self, n: int) -> None:
        if not isinstance(self.batch_size, str) and self.batch_size > n:
            warnings.warn(
                f"batch_size={self.batch_size} is more than the {n} samples there are: "
                "all of them are taken at once.",
                stacklevel=4,
            )

    def _listeners(
        self, X: Any, y: Any, samples: int, epochs: int, metadata: dict[str, Any]
    ) -> list[Listener]:
        listeners: list[Listener] = [
            as_functions(self.callbacks),
            display(self.verbose, epochs, samples),
        ]
        if hasattr(self, "_skl_callbacks") or hasattr(self, "_parent_callback_ctx"):
            listeners.append(
                SklearnCallbacks(
                    self, X, y, metadata=metadata, epochs=epochs, fitted=self._fitted_attributes
                )
            )
        return listeners

    def _fitted_attributes(self) -> dict[str, Any]:
        """What makes a copy of the estimator ready to predict as it would now."""
        return {
            "coefs_": [W.copy() for W in self.coefs_],
            "intercepts_": [b.copy() for b in self.intercepts_],
            "_network": None,
        }

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
