"""Client of the retired service."""
