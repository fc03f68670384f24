"""MLPRegressor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import RegressorMixin

from chalknet.errors import ShapeError
from chalknet.estimators.base import Perceptron
from chalknet.estimators.inputs import checked_rows_and_targets
from chalknet.estimators.lesson import Lesson
from chalknet.estimators.losses import LossLike, regression_loss
from chalknet.estimators.validation import r2
from chalknet.operations.affine import Matrix
from chalknet.operations.losses import Loss, Poisson

__all__ = ["MLPRegressor"]


class MLPRegressor(RegressorMixin, Perceptron):  # type: ignore[misc]
    """A multilayer perceptron for numbers, one or several a sample.

    Takes what scikit-learn's ``MLPRegressor`` takes, means the same by it, and trains several
    times faster; the parameters from ``dropout`` on are its own.

    Parameters
    ----------
    loss : str, Loss or function, default="squared_error"
        ``squared_error`` (half of it), ``absolute_error``, ``huber``, ``poisson`` (half the
        deviance, with exp as the output's activation), ``"huber(delta=2)"``, a chalknet.Loss, or a
        function (predictions, targets) → (values, slopes) of arrays (n, outputs).
    hidden_layer_sizes : int or sequence of int, default=(100,)
        The widths of the hidden layers; ``()`` for none.
    activation : str, Activation, pair of functions, or a list of these, default="relu"
        Of all hidden layers, or one a layer: ``identity``, ``logistic``, ``tanh``, ``relu``, any
        other of chalknet's (``"gelu"``, ``"leaky_relu(0.2)"`` …), or ``(f, derivative_of_f)``.
    solver : "adam", "sgd", "lbfgs", "adamw", "rmsprop" or "adagrad", default="adam"
    alpha : float, default=0.0001
        Strength of the penalty ½ α Σ W², which is divided by the number (or the weight) of the
        samples in a batch.
    batch_size : int or "auto", default="auto"
        ``"auto"`` is 200, or all samples if there are fewer.
    learning_rate : str or Schedule, default="constant"
        With ``sgd`` also ``invscaling`` and ``adaptive``. Any of chalknet's schedules, such as
        ``"cosine"`` or ``"warmup(5)+step_decay(every=20)"``, with every solver but ``lbfgs``.
    learning_rate_init : float, default=0.001
    power_t : float, default=0.5
        The exponent of ``invscaling``.
    max_iter : int, default=200
        At most so many epochs, or iterations of ``lbfgs``.
    shuffle : bool, default=True
        Whether each epoch sees the samples in a new order.
    random_state : int, RandomState or None, default=None
        The source of the weights, the held-out rows, the orders and the dropout.
    tol : float, default=0.0001
        An epoch that lowers the loss (with ``early_stopping``: raises the score) by less than this
        is one without progress. For ``lbfgs``, how small the gradient must become.
    verbose : bool or int, default=False
        1 or True: a bar with the time left on a terminal or in a notebook, elsewhere a line an
        epoch. 2 and more: a line an epoch.
    warm_start : bool, default=False
        Whether ``fit`` begins with the weights there are. Everything else begins anew, such as the
        optimizer and the count of epochs without progress; ``t_``, for ``invscaling``, goes on.
    momentum : float, default=0.9
    nesterovs_momentum : bool, default=True
        Both for ``sgd``.
    early_stopping : bool, default=False
        Whether to watch the score on held-out rows and keep the weights that had the best.
    validation_fraction : float, default=0.1
        How much to hold out, unless ``fit`` is given ``X_val``.
    beta_1, beta_2, epsilon : float, default=0.9, 0.999, 1e-8
        For ``adam`` and ``adamw``; ε also for ``rmsprop`` and ``adagrad``.
    n_iter_no_change : int or inf, default=10
        Training ends after more than so many epochs in a row without progress.
    max_fun : int, default=15000
        At most so many evaluations, for ``lbfgs``.
    dropout : float or sequence of float, default=0.0
        The rate of all hidden layers, or one a layer.
    init : str, Initializer or function, default="auto"
        How weights are drawn: as scikit-learn does, by one of chalknet's initializers
        (``"he_normal"`` …), or by a function (rng, fan_in, fan_out) → (W, b).
    callbacks : function or sequence of functions, optional
        Called with the ``EpochRecord`` after each epoch; one that returns True ends training.
        scikit-learn's own callbacks go to ``set_callbacks``.
    n_threads : int, optional
        At most so many; by default as many as are useful and free. Results do not depend on it.
    transform_layer : int, default=-1
        The hidden layer whose activations ``transform`` gives, as an index.

    Attributes
    ----------
    coefs_, intercepts_ : list of arrays
        W (fan_in, fan_out) and b (fan_out,) of each layer. Writing into them, or putting others in
        their place, changes the network.
    loss_, loss_curve_, best_loss_ : float, list, float or None
        The objective (loss and penalty) of the last epoch, of each, and the least; the last is None
        with ``early_stopping``.
    validation_scores_, validation_loss_curve_, best_validation_score_
        R² and mean loss on held-out rows after each epoch; None without such rows.
    n_iter_, t_ : int
        Epochs of the last ``fit``, and of ``partial_fit`` since; samples seen in all.
    n_features_in_, feature_names_in_, n_layers_, n_outputs_, out_activation_
        As in scikit-learn.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.linspace(-1, 1, 200)[:, None]
    >>> regressor = MLPRegressor(hidden_layer_sizes=20, solver="lbfgs", random_state=0)
    >>> regressor.fit(X, X[:, 0] ** 2).score(X, X[:, 0] ** 2) > 0.99
    True
    """

    def __init__(
        self,
        loss: LossLike = "squared_error",
        hidden_layer_sizes: int | Sequence[int] = (100,),
        activation: Any = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: Any = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool | int = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        dropout: float | Sequence[float] = 0.0,
        init: Any = "auto",
        callbacks: Any = None,
        n_threads: int | None = None,
        transform_layer: int = -1,
    ) -> None:
        super().__init__(
            hidden_layer_sizes=hidden_layer_sizes,
            activation=activation,
            solver=solver,
            alpha=alpha,
            batch_size=batch_size,
            learning_rate=learning_rate,
            learning_rate_init=learning_rate_init,
            power_t=power_t,
            max_iter=max_iter,
            shuffle=shuffle,
            random_state=random_state,
            tol=tol,
            verbose=verbose,
            warm_start=warm_start,
            momentum=momentum,
            nesterovs_momentum=nesterovs_momentum,
            early_stopping=early_stopping,
            validation_fraction=validation_fraction,
            beta_1=beta_1,
            beta_2=beta_2,
            epsilon=epsilon,
            n_iter_no_change=n_iter_no_change,
            max_fun=max_fun,
            loss=loss,
            dropout=dropout,
            init=init,
            callbacks=callbacks,
            n_threads=n_threads,
            transform_layer=transform_layer,
        )

    def predict(self, X: Any) -> Matrix:
        """The prediction for each row: (n,), or (n, outputs) if there are several.

        Parameters
        ----------
        X : array-like, DataFrame or sparse matrix (n, features)
        """
        predictions = self._response(X)
        return predictions[:, 0] if predictions.shape[1] == 1 else predictions

    def _lesson(self, X: Any, y: Any, *, reset: bool, part: bool) -> Lesson:  # noqa: ARG002
        reset_features = reset or "n_features_in_" not in self.__dict__
        X, y = checked_rows_and_targets(self, X, y, numbers=True, reset=reset_features)
        targets = y.reshape(len(y), -1)
        loss = regression_loss(self.loss, targets)
        loss.checked_targets(targets, *targets.shape)
        if reset or "n_outputs_" not in self.__dict__:
            self.n_outputs_ = targets.shape[1]
        self._require_outputs(targets)
        self.out_activation_ = "exp" if isinstance(loss, Poisson) else "identity"
        return Lesson(X, targets, loss, r2(loss))

    def _held_out(self, lesson: Lesson, X: Any, y: Any) -> Lesson:
        X, y = checked_rows_and_targets(self, X, y, numbers=True, reset=False)
        targets = y.reshape(len(y), -1)
        self._require_outputs(targets)
        return Lesson(X, targets, lesson.loss, lesson.score)

    def _loss_of_model(self) -> Loss:
        return regression_loss(self.loss, np.zeros((2, self.n_outputs_)))

    def _require_outputs(self, targets: npt.NDArray[Any]) -> None:
        if targets.shape[1] != self.n_outputs_:
            raise ShapeError(
                f"y has {targets.shape[1]} columns, but the network has {self.n_outputs_} outputs: "
                f"give y with {self.n_outputs_}, or fit anew."
            )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
