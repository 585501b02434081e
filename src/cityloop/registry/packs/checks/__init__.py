"""Whether packs agree with each other."""
