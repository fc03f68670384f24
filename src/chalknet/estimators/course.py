"""The course of one call of ``fit`` or ``partial_fit``: epochs, who hears of them, when to stop."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from chalknet.estimators.callbacks import Listener, Report
from chalknet.estimators.lbfgs import minimize
from chalknet.estimators.patience import Patience
from chalknet.estimators.problem import Problem
from chalknet.estimators.stochastic import Descent, DivergedError, Epoch
from chalknet.estimators.validation import Validation, Verdict
from chalknet.network import Network
from chalknet.training.records import EpochRecord

__all__ = ["Course"]


class Course:
    """Trains, and writes what happens into attributes of the estimator, as scikit-learn names them.

    Parameters
    ----------
    estimator : estimator
        Gives ``tol``, ``n_iter_no_change`` …; is given ``loss_curve_`` …
    problem : Problem
    validation : Validation or None
    listeners : sequence of Listener
    """

    def __init__(
        self,
        estimator: Any,
        problem: Problem,
        validation: Validation | None,
        listeners: Sequence[Listener],
    ) -> None:
        self.estimator, self.problem, self.validation = estimator, problem, validation
        self.listeners = listeners
        if validation is not None:
            estimator.validation_scores_ = list(estimator.validation_scores_ or [])
            estimator.validation_loss_curve_ = list(estimator.validation_loss_curve_ or [])

    def descend(self, descent: Descent, epochs: int) -> bool:
        """Take at most so many epochs; False if there was no reason to end before.

        With ``early_stopping`` the network is left as it was after its best epoch.

        Raises
        ------
        DivergedError
            Training diverged, and there is no best epoch to go back to.
        """
        estimator, patience = self.estimator, descent.state.patience
        best, ended = None, False
        with self._told():
            try:
                while not ended and epochs > 0:
                    epochs -= 1
                    report = self._epoch(descent, fatal=best is None)
                    asked = self._tell(report)
                    if self._note(report, patience) and estimator.early_stopping:
                        best = self.problem.network.parameters.copy()
                    ended = self._has_reason_to_end(report, descent) or asked
            except KeyboardInterrupt:
                ended = True
                warnings.warn("Training interrupted by user.", stacklevel=4)
            if best is not None:
                self.problem.network.parameters[...] = best
        return ended

    def minimize(self) -> None:
        """L-BFGS, to its end."""
        estimator, began, patience = self.estimator, time.perf_counter(), Patience()

        def iterated(loss: float, objective: float, network: Network) -> bool:
            seconds = time.perf_counter() - began
            self.problem.network.parameters[...] = network.parameters
            for listener in self.listeners:
                listener.epoch_begins()
            epoch = Epoch(objective, loss, None, 1.0, seconds)
            report = self._report(epoch, self._verdict(self.problem.network))
            self._note(report, patience)
            return self._tell(report)

        with self._told():
            estimator.n_iter_, estimator.loss_ = minimize(
                self.problem,
                max_iter=estimator.max_iter,
                max_fun=estimator.max_fun,
                tol=estimator.tol,
                iterated=iterated,
            )

    # -- an epoch -----------------------------------------------------------------------------

    def _epoch(self, descent: Descent, *, fatal: bool) -> Report:
        for listener in self.listeners:
            listener.epoch_begins()
        try:
            epoch = descent.epoch(self._progressed)
            verdict = self._verdict(self.problem.network)
        except DivergedError as error:
            if fatal:
                raise
            self._warn_of_divergence(error)
            nothing = math.nan
            epoch, verdict = Epoch(nothing, nothing, None, error.learning_rate, 0.0), None
            if self.validation is not None:
                verdict = Verdict(nothing, nothing)
        self.estimator.t_ += self.problem.X.shape[0]
        return self._report(epoch, verdict)

    def _report(self, epoch: Epoch, verdict: Verdict | None) -> Report:
        """Write the epoch's figures down."""
        estimator = self.estimator
        estimator.n_iter_ += 1
        estimator.loss_ = epoch.objective
        estimator.loss_curve_.append(epoch.objective)
        if verdict is not None:
            estimator.validation_scores_.append(verdict.score)
            estimator.validation_loss_curve_.append(verdict.loss)
        score = None if verdict is None else verdict.score
        record = EpochRecord(
            epoch=estimator.n_iter_,
            train_loss=epoch.loss,
            train_accuracy=epoch.accuracy,
            validation_loss=None if verdict is None else verdict.loss,
            validation_accuracy=score if hasattr(estimator, "classes_") else None,
            learning_rate=epoch.learning_rate,
            seconds=epoch.seconds,
        )
        return Report(record, epoch.objective, score)

    def _verdict(self, network: Network) -> Verdict | None:
        if self.validation is None:
            return None
        return self.validation.verdict(network, self.problem.engine)

    # -- when to stop -------------------------------------------------------------------------

    def _note(self, report: Report, patience: Patience) -> bool:
        """Compare with the best so far; True if this epoch is better."""
        estimator = self.estimator
        if not estimator.early_stopping:
            better = patience.observe(report.objective, tol=estimator.tol, larger_is_better=False)
            estimator.best_loss_ = patience.best
            best = estimator.best_validation_score_
            if report.score is not None and (best is None or report.score > best):
                estimator.best_validation_score_ = report.score
            return better
        score = math.nan if report.score is None else report.score
        better = patience.observe(score, tol=estimator.tol, larger_is_better=True)
        estimator.best_loss_, estimator.best_validation_score_ = None, patience.best
        return better

    def _has_reason_to_end(self, report: Report, descent: Descent) -> bool:
        estimator, state = self.estimator, descent.state
        if math.isnan(report.objective):
            return True
        held_out = report.record.validation_loss
        descent.rate.observe(state.pace, report.record.train_loss if held_out is None else held_out)
        if not state.patience.exhausted(estimator.n_iter_no_change):
            return False
        watched = "Validation score" if estimator.early_stopping else "Training loss"
        message = (
            f"{watched} did not improve more than tol={estimator.tol:f} for "
            f"{estimator.n_iter_no_change} consecutive epochs."
        )
        if descent.rate.reduce(state.optimizer.learning_rate, state.pace):
            state.patience.waited = 0
            self._say(f"{message} Reducing the learning rate.")
            return False
        self._say(f"{message} Stopping.")
        return True

    # -- who hears of it ----------------------------------------------------------------------

    def _told(self) -> ExitStack:
        """The context in which all listeners are ready."""
        stack = ExitStack()
        for listener in self.listeners:
            stack.enter_context(listener)
        return stack

    def _progressed(self, samples: int) -> None:
        for listener in self.listeners:
            listener.progressed(samples)

    def _tell(self, report: Report) -> bool:
        """Tell everyone; True if one of them asks to stop."""
        answers = [listener.epoch_ended(report) for listener in self.listeners]
        return any(answers)

    def _say(self, message: str) -> None:
        for listener in self.listeners:
            listener.say(message)

    def _warn_of_divergence(self, error: DivergedError) -> None:
        from sklearn.exceptions import ConvergenceWarning

        warnings.warn(
            f"training diverged in epoch {error.epoch}, at learning rate {error.learning_rate:g}: "
            "the weights of the best epoch before are kept. Scale the inputs, or take a smaller "
            "learning_rate_init.",
            ConvergenceWarning,
            stacklevel=6,  # whoever called fit
        )
