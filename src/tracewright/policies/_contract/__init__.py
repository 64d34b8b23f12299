"""What every policy must hold, as checks that a plug-in's own tests can run; part of the wheel for their sake."""
