"""What every sandbox must hold, case by case: for the tests of plug-ins, and for users on their own machines."""
