"""scikit-learn's classifier and regressor, on chalknet's engine."""
