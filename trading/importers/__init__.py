"""Foreign sources, one file each: what others wrote down, read as it is."""
