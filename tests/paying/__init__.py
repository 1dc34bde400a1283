"""Workers that pay: real processes, the real client, a server that counts, and databases that are looked at."""
