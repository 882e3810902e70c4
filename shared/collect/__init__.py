"""The run: due jobs are leased, their sources asked and read, what came is stored once and told on."""
