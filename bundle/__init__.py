"""What makes the program's folder together with build.spec."""
