"""What goes over the wire, as values: requests, outcomes, templates, and the matching of answers. Pure."""
