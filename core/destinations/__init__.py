"""Records are written to a vendor's endpoints, each once, with every outcome kept; read top to bottom.

catalogue     the destinations there are: made, changed, activated, paused, removed
stored        what hangs on a destination, and its definition as far as it can be read
provision     those of the file are brought into the store
checking      is what was given for one good, and what does it mean
pieces        a file is cut into lines, or into the elements of an array
rows          a CSV file is cut into rows
formats       files of JSON, lines of JSON and CSV become records, one by one
fitness       whether a record can be written at all, found out without a call
met           which rows of the ledger a run has met, and how they stand
entering      records enter the ledger, each once, and of equal ones one
loops         which events our own writing has caused
intake        files, programs, answers and our own events give records
expressions   what a mapping says a value is: an attribute, or what is looked up by one
look_ups      what the vendor was asked for by name, remembered for a while
addresses     where a manual destination writes: on the account's own host
mapping       a record becomes the fields that are sent
rendering     mapped records become a call
grouping      which records go into one call
claims        whose turn a destination is
ledger        the records and calls, and their states
equipment     definition, template, connection and budget, together
outcomes      what an answer or a failure means for each record
failed_looks  a record that cannot be looked for lets others pass, and fails in the end
windows       the first records that wait, looked at
planning      what call is made for some records
sending       one destination's turn: the next call is begun, made and settled
reconcile     what is uncertain is looked for at the vendor
responses     every answer is kept, and feeds other destinations
records       the ledger as it is read: in pages, and as a file
showing       what would be sent, with words for what would be looked up
dry_runs      a whole file is looked at, and nothing sent
trying        a test, a dry run and samples, none of which is the real thing
by_hand       a person mends a record, sends it again, or says what became of it
"""
