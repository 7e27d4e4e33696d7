"""What the health pages show: reads and shapes for one page each. No requests, no markup but the scatter's drawing."""
