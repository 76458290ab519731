"""One technology each, named after it; every module meets a Protocol of `medrag_desktop.ports`."""
