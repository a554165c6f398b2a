"""The edge: the only place that builds adapters, owns threads and child processes, and looks at the clock."""
