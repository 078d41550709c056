"""Names of hosts: addresses looked up in the DNS, many at a time."""
