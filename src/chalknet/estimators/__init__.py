"""scikit-learn's multilayer perceptrons, with chalknet's engine under them.

In the order to read:

    classifier.py, regressor.py   the two estimators: targets in, predictions out
    base.py                       what they share: fit, partial_fit, initialize
    inspection.py                 … transform, input_gradient, explain, to_model
    fitted.py                     … and the network behind ``coefs_`` and ``intercepts_``
    parameters.py                 the constructors' arguments, checked and resolved once
    activations.py, losses.py, weights.py   some of them
    inputs.py, classes.py, links.py         rows, labels and predictions as people see them
    lesson.py, problem.py         … and as a solver takes them
    course.py                     one call of fit or partial_fit, and when it ends
    stochastic.py                 sgd, adam and their kin, epoch by epoch
    optimizers.py, rates.py, patience.py    their rules, in scikit-learn's form
    lbfgs.py                      SciPy's L-BFGS-B, with gradients from the engine
    validation.py                 loss and score of rows that are held out
    callbacks.py, display.py      who hears of an epoch
"""
