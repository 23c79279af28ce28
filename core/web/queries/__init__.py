"""What the pages and the REST API read from the store: the only place of `core.web` that speaks to it.

health     how each connection fares, and what a person should look at first
sessions   the inbox: a list by filter and search, and the figures of its tabs
found      which sessions a text finds, and which need a person
thread     one session with everything in it
single     what a page asks for by its number
activity   events, decisions and actions
aftermath  what came of an event, and how late the webhooks are
contacts   the people, and one of them with all their sessions
cursors    where a list goes on: keyset cursors
rows       plain values of a query
stretches  the newest rows of a large table by any choice of a few columns
"""
