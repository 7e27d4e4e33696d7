"""The partner's pages: each a policy, a fetch through `visible_to`, a service of the room below, one render."""
