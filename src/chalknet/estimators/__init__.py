"""scikit-learn's multilayer perceptrons, with chalknet's engine under them.

classifier.py, regressor.py   the two estimators: targets in, predictions out
base.py                       what they share: fit, partial_fit, initialize, transform …
parameters.py                 what the constructors' arguments mean, checked and resolved once
activations.py, losses.py, weights.py   … of which these are some
inputs.py                     rows as people pass them; the short way for those that need nothing
problem.py                    what a solver is given
stochastic.py                 sgd, adam and their kin, epoch by epoch
optimizers.py, rates.py, patience.py    their rules, in scikit-learn's form
lbfgs.py                      SciPy's L-BFGS-B on gradients from the engine
validation.py                 loss and score of rows that are held out
callbacks.py, display.py      who is told of an epoch
attributions.py               derivatives by the inputs
"""
