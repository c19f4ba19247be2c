"""The engines that chapters share; nothing here grows with the number of chapters."""
