"""The path of a message, read top to bottom.

receive      a vendor's call comes in and is checked
inbox        its events are stored, once
leases       one worker claims one conversation
process      stored events become facts, one event at a time
reading      where a hint came, the conversation itself is read at the vendor
record       facts are written into a session
think        what the AI makes of a turn: may it speak, does it hand off, what does it say
decide       a due turn becomes one decision, with its actions
sessions     contacts, sessions, messages and their timeline
ownership    who may speak now
routing      may the AI speak at all
handoff_rules  when the AI lets a human go on
loop_guard   a machine is not answered for ever
history      what the rules look at: all that has happened so far
hours        what the AI does while no human is there
human_request  does the customer ask for a person
topics       what is a message about
sentiment    how does the customer feel
courtesy     does a message say anything
language     which language is it in
wording      what core itself says to a customer
summary      what an agent who takes over is told
turns        when a turn is due, and what it sees
plan         which actions a draft leads to
outbox       the actions and their states
guards       is an action still wanted
deliver      actions are guarded, sent, and read back when in doubt
settle       what became of an action, and what that changes in its session
handback     what a handoff has left at the vendor is taken back
misses       how much the webhooks do not tell
announce     who has subscribed to outbound events is told what happens to a session
sync         the vendor's status and ours are kept in step
attachments  files of messages are fetched
disconnect   a connection is cut, and what it leaves open is ended visibly
by_hand      a person has a session in hand
hand_over    a person takes a session over, and gives it back
speak        a person speaks, in their own words or in the AI's
closing      a person closes a session, or opens it again
again        a person has what failed tried again, or discards it
"""
