"""MLPClassifier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import ClassifierMixin
from sklearn.utils.metaestimators import available_if

from chalknet.errors import ConfigurationError, TargetError
from chalknet.estimators import links
from chalknet.estimators.base import Perceptron, learns_in_parts, with_callbacks
from chalknet.estimators.classes import Classes
from chalknet.estimators.inputs import checked_rows_and_targets
from chalknet.estimators.lesson import Lesson
from chalknet.estimators.losses import LossLike, own_loss
from chalknet.estimators.validation import accuracy
from chalknet.operations.affine import Matrix
from chalknet.operations.losses import Loss

__all__ = ["MLPClassifier"]

NEARLY_NOTHING = 1e-3


class MLPClassifier(ClassifierMixin, Perceptron):  # type: ignore[misc]
    """A multilayer perceptron for classes, or for several labels a sample.

    Takes what scikit-learn's ``MLPClassifier`` takes, means the same by it, and trains several
    times faster; the parameters from ``class_weight`` on are its own.

    Parameters
    ----------
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
    class_weight : "balanced", dict or None, default=None
        What a sample of each class counts; ``"balanced"`` makes every class count the same.
    loss : "log_loss", Loss or function, default="log_loss"
        A function (logits, marks) → (values, slopes) of arrays (n, outputs), the marks 0 and 1.
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
    classes_ : array (classes,)
    coefs_, intercepts_ : list of arrays
        W (fan_in, fan_out) and b (fan_out,) of each layer. Writing into them, or putting others in
        their place, changes the network.
    loss_, loss_curve_, best_loss_ : float, list, float or None
        The objective (loss and penalty) of the last epoch, of each, and the least; the last is None
        with ``early_stopping``.
    validation_scores_, validation_loss_curve_, best_validation_score_
        Accuracy and mean loss on held-out rows after each epoch; None without such rows.
    n_iter_, t_ : int
        Epochs of the last ``fit``, and of ``partial_fit`` since; samples seen in all.
    n_features_in_, feature_names_in_, n_layers_, n_outputs_, out_activation_
        As in scikit-learn.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> X, y = load_digits(return_X_y=True)
    >>> classifier = MLPClassifier((32,), tol=1e-3, random_state=0)
    >>> classifier.fit(X[:1500] / 16, y[:1500]).score(X[1500:] / 16, y[1500:]) > 0.88
    True
    """

    def __init__(
        self,
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
        class_weight: str | Mapping[Any, float] | None = None,
        loss: LossLike = "log_loss",
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
        self.class_weight = class_weight

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """The class of each row (n,); with several labels, 0 and 1 for each (n, labels).

        Parameters
        ----------
        X : array-like, DataFrame or sparse matrix (n, features)
        """
        output = self._output(X)
        decided: npt.NDArray[Any] = self._classes.decide(output)
        return decided

    def predict_proba(self, X: Any) -> Matrix:
        """The probability of each class (n, classes), in the order of ``classes_``.

        Parameters
        ----------
        X : array-like, DataFrame or sparse matrix (n, features)
        """
        p = self._response(X)
        if self.n_outputs_ > 1 or self._classes.multilabel:
            return p
        q = 1 - p
        if q.min() < NEARLY_NOTHING:  # of which 1 − p has too few digits
            q = links.apply("logistic", -self._output(X))
        return np.hstack([q, p])

    def predict_log_proba(self, X: Any) -> Matrix:
        """The logarithm of ``predict_proba``, finite however small a probability is.

        Parameters
        ----------
        X : array-like, DataFrame or sparse matrix (n, features)
        """
        output = self._output(X)
        return links.log_probabilities(
            self.out_activation_, output, multilabel=self._classes.multilabel
        )

    @available_if(learns_in_parts)  # type: ignore[untyped-decorator]
    @with_callbacks  # type: ignore[untyped-decorator]
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None) -> Self:
        """Train for one epoch, going on from wherever the network, optimizer and schedule are.

        Parameters
        ----------
        X : array-like, DataFrame or sparse matrix (n, features)
        y : array-like (n,) or (n, labels)
        sample_weight : array-like (n,), optional
        classes : array-like
            All classes there will be; needed in the first call only.

        Raises
        ------
        ValueError
            As in ``fit``; if the classes are missing, or are others than before; with
            ``early_stopping`` or ``class_weight="balanced"``, which need all samples at once.
        """
        if self.class_weight == "balanced":
            raise ConfigurationError(
                "class_weight='balanced' needs all samples at once: for partial_fit give the "
                "weights that sklearn.utils.class_weight.compute_class_weight finds for them all."
            )
        self._expect_classes(classes)
        return self._partial_fit(X, y, sample_weight)

    def _expect_classes(self, classes: Any) -> None:
        """Take note of the classes that the first call of ``partial_fit`` must name."""
        known = getattr(self, "classes_", None)
        if known is None and classes is None:
            raise TargetError("classes must be passed on the first call to partial_fit.")
        if known is not None and classes is not None and set(known) != set(classes):
            raise TargetError(
                f"classes={classes!r} is not what the first call to partial_fit was given: {known}."
            )
        self._announced = None if known is not None else np.unique(classes)

    def _lesson(self, X: Any, y: Any, *, reset: bool, part: bool) -> Lesson:
        reset_features = reset or "n_features_in_" not in self.__dict__
        X, y = checked_rows_and_targets(self, X, y, numbers=False, reset=reset_features)
        known = self.__dict__.get("_classes")
        if part and known is None:
            classes = Classes.of(y, self._announced)
        elif reset or known is None:
            classes = Classes.of(y)
        else:
            classes = known
            if not part:
                self._require_same_classes(y)
        loss, targets = self._targets(classes, y)
        weights = classes.weights(self.class_weight, y)
        self._classes, self.classes_ = classes, classes.labels
        self.n_outputs_, self.out_activation_ = classes.outputs, classes.link
        return Lesson(
            X,
            targets,
            loss,
            accuracy(classes.link),
            class_weight=weights,
            # As scikit-learn does: two classes keep their proportion, more are left to chance.
            stratify=classes.marks(y).astype(bool) if classes.outputs == 1 else None,
        )

    def _held_out(self, lesson: Lesson, X: Any, y: Any) -> Lesson:
        X, y = checked_rows_and_targets(self, X, y, numbers=False, reset=False)
        _, targets = self._targets(self._classes, y)
        return Lesson(X, targets, lesson.loss, lesson.score)

    def _loss_of_model(self) -> Loss:
        loss: Loss = self._classes.loss
        return loss

    def _require_explainable_loss(self) -> None:
        if self.loss not in ("log_loss", self._loss_of_model()):
            raise ConfigurationError(
                f"explain derives the log loss, but this classifier learns by {self.loss!r}: leave "
                "y out to see the forward pass alone."
            )

    def _targets(self, classes: Classes, y: npt.NDArray[Any]) -> tuple[Loss, npt.NDArray[Any]]:
        if isinstance(self.loss, str) and self.loss == "log_loss":
            return classes.loss, classes.targets(y)
        marks = classes.marks(y)
        if isinstance(self.loss, Loss):
            return self.loss, marks
        if callable(self.loss):
            return own_loss(self.loss, marks), marks
        raise ConfigurationError(
            "loss must be 'log_loss', a chalknet.Loss of the logits and of 0 and 1 for each "
            f"output, or a function that gives its value and gradient, not {self.loss!r}."
        )

    def _require_same_classes(self, y: npt.NDArray[Any]) -> None:
        found = Classes.of(y).labels
        if not np.array_equal(found, self.classes_):
            raise TargetError(
                "warm_start can only be used where `y` has the same classes as in the previous "
                f"call to fit. Previously got {self.classes_}, `y` has {found}"
            )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
