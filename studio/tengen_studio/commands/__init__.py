"""What `tengen-studio` does besides serving: doctor, migrate, backup, restore, gc."""
