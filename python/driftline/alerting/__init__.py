"""`driftline alert`: from the open episodes in the warehouse to messages and actions.

config     reads and checks driftline.yml
routing    which alerts a channel or an action is for, and what is muted
planning   what is due now, from the alerts, the ledger and the clock alone
messages   puts it into words, by the catalogues
delivery   claims, sends in parallel, retries and records
ledger     driftline_notifications
channels/  one module per kind of receiver
actions    starts commands and calls webhooks
run        the command itself: one after the other
"""
