"""Multilayer perceptrons that show their work, at the speed of the hardware.

The public names, imported when first used, so that ``import chalknet`` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "chalknet.construct.approximation": ("Approximation", "approximate"),
    "chalknet.construct.levenberg_marquardt": ("search_relu",),
    "chalknet.construct.linear_regions": ("linear_regions",),
    "chalknet.construct.piecewise_linear": ("pieces_of",),
    "chalknet.construct.relu_interpolation": ("ReluFit", "fit_relu"),
    "chalknet.data.catalogue": ("load_dataset",),
    "chalknet.data.dataset": ("Dataset", "Split"),
    "chalknet.data.preprocessing": ("Preprocessing",),
    "chalknet.data.reading": ("read_dataset", "read_inputs", "read_split"),
    "chalknet.data.splits": ("split",),
    "chalknet.diagnose.gradient_check": ("GradientCheck", "check_gradient", "check_gradients"),
    "chalknet.diagnose.health": ("Finding", "check_health"),
    "chalknet.diagnose.learning_rate_range": ("LearningRateRange", "learning_rate_range"),
    "chalknet.diagnose.signal_propagation": ("SignalPropagation", "signal_propagation"),
    "chalknet.derive": ("derive",),
    "chalknet.errors": (
        "ChalknetError",
        "ConfigurationError",
        "DataFormatError",
        "DataNotFoundError",
        "DivergenceError",
        "DownloadError",
        "MissingLibraryError",
        "ModelFileError",
        "RunFolderError",
        "ShapeError",
        "TargetError",
        "VerificationError",
    ),
    "chalknet.estimators.classifier": ("MLPClassifier",),
    "chalknet.estimators.regressor": ("MLPRegressor",),
    "chalknet.evaluation.metrics": ("Evaluation", "evaluate"),
    "chalknet.explain": ("explain",),
    "chalknet.explain.check": ("Marking", "check"),
    "chalknet.explain.exercise.generator": ("Recipe", "make_exercise"),
    "chalknet.explain.notation": ("Notation",),
    "chalknet.explain.problem": ("Problem", "read_problem"),
    "chalknet.explain.solution": ("Solution", "solve"),
    "chalknet.explain.steps": ("Explanation",),
    "chalknet.export.exporting": ("export_model",),
    "chalknet.export.importing": ("import_model",),
    "chalknet.export.onnx.pipelines": ("register_onnx_converters",),
    "chalknet.layers": ("Dense", "Gradients", "Trace"),
    "chalknet.model": ("Model", "Score"),
    "chalknet.network": ("Network",),
    "chalknet.operations.activations": ("Activation",),
    "chalknet.operations.initializers": ("Initializer",),
    "chalknet.operations.losses": (
        "AbsoluteError",
        "HalfSquaredError",
        "Huber",
        "Loss",
        "MeanSquaredError",
        "Poisson",
        "SigmoidCrossEntropy",
        "SoftmaxCrossEntropy",
    ),
    "chalknet.report.page": ("write_report",),
    "chalknet.training.fit": ("fit", "train"),
    "chalknet.training.loop": ("Training",),
    "chalknet.training.optimizers": (
        "SGD",
        "Adagrad",
        "Adam",
        "AdamW",
        "Momentum",
        "Nesterov",
        "RMSprop",
    ),
    "chalknet.training.records": ("EpochRecord", "History"),
    "chalknet.training.schedules": (
        "Constant",
        "Cosine",
        "Exponential",
        "InverseScaling",
        "ReduceOnPlateau",
        "StepDecay",
        "Warmup",
    ),
    "chalknet.training.stopping": ("EarlyStopping",),
    "chalknet.training.together": ("train_together",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__version__ = "0.1.0"
__all__ = sorted(_HOME_OF)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
