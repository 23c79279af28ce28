"""What customers and help centres say for the same thing in English: words and phrases of a like meaning."""

from __future__ import annotations

GROUPS = """
    # Money: prices, payments, refunds.
    refund; money back; reimburse; reimbursement; get my money; get our money; get my money back; get our money back;
        pay back; paid back; repay; give my money; money returned; cash back; refundable; get everything back; price
        back; have my money
    price; cost; how much; rate; tariff; pricing; how expensive; what does it cost; price list
    ~ price; fee; charge; expensive; cheap; cheaper; pay; dollar; euro; pound; how much
    fee; charge; surcharge; extra cost; extra charge; penalty
    charge; debit; bill; withdraw money; take money; took money; charged; deduct
    charge; take payment; collect payment; draw the money
    pay; payment; settle; paid; paying; payable
    ways to pay; payment method; payment methods; means of payment; how to pay; pay by; pay with; settle with
    ~ ways to pay; paypal; visa; mastercard; amex; american express; credit card; debit card; apple pay; google pay;
        bank transfer; direct debit; klarna; cash; wire; bitcoin; crypto; cheque; prepayment; pay
    credit card; card; debit card; plastic; bank card
    amex; american express
    bank transfer; wire; transfer; wire transfer; remittance; transfer the money
    direct debit; sepa; standing order; automatic payment; autopay
    cash on delivery; pay on delivery; pay the driver; pay the courier; cod; pay at the door
    cash; coins; banknotes; notes and coins
    instalment; installment; pay in parts; pay monthly; spread; spread the cost; pay over time; pay later; split the
        payment; in parts; bit by bit; financing; finance; buy now pay later; on credit; pay off; monthly payment;
        hire purchase
    payment failed; declined; card declined; rejected; payment did not go through; refused; not accepted; payment
        fails
    failed; fail; unsuccessful; did not go through; does not go through; go wrong; went wrong; not work
    charged twice; double charge; charged two times; paid twice; debited twice; double payment; two charges
    overdue; late payment; unpaid; reminder; dunning; outstanding; owe; arrears; balance
    balance; amount left; remaining; credit left; what is left; left on
    invoice; bill; receipt; proof of purchase; billing document; till slip; proof of payment
    vat; tax; sales tax; tax number; vat number; vat id; tax id; value added tax
    company name; business name; employer; firm
    discount; reduction; rebate; money off; percent off; reduced; price cut; percent less; half off; half price;
        markdown; special price; cheaper
    discount code; promo code; voucher code; coupon; promotion code; voucher; code; promotional code; coupon code
    gift card; voucher; gift voucher; gift certificate; gift token; gift code
    sale; clearance; black friday; special offer; bargain; reduced; deal
    free; free of charge; at no cost; no charge; for nothing; gratis; without paying; complimentary; no extra cost; at
        no charge; cost nothing; costless; included
    deposit; down payment; security; bond; caution; security amount; put down; prepay; advance; security deposit
    currency; dollars; pounds; euros; francs; exchange rate; kroner
    ~ currency; money; cash
    interest; interest rate; apr
    budget; afford; too expensive; too much money
    worth; value; amount
    student; teacher; pupil; university; school; college; academic
    non-profit; nonprofit; charity; ngo; charities
    donate; donation
    price match; match the price; match price; beat the price; lowest price; best price
    loyalty; points; loyalty points; bonus points; reward; loyalty programme; loyalty card; collect points; loyalty
        program
    refer; referral; recommend a friend; invite a friend; affiliate; bring a friend; friend who
    insurance; insure; insured; cover; coverage; policy
    compensation; compensate; damages; indemnity; owed; make up for

    # Orders, delivery, stock.
    order; purchase; bought; buy; placed an order; ordered
    purchase; buy; bought; shopping
    order number; order id; reference number; booking number; reference
    delivery; deliver; ship; shipping; shipment; dispatch; send; arrive; postage; delivered; despatch; mailing; get
        here; bring; sent; post
    ~ delivery; courier; carrier; parcel; driver; postman; mailman; delivery man; transport; freight; postage; package
    parcel; package; packet; shipment; consignment; box; my stuff; delivery; goods
    ~ parcel; order; item; goods; things
    courier; carrier; driver; postman; mailman; delivery company; delivery service; delivery man; messenger
    track; tracking; trace; where is my; where's my; follow; tracking number; whereabouts; shipment status; on its
        way; locate
    status; state; progress
    arrive; arrival; get here; turn up; be here; reach; come; show up; land; delivered
    not arrived; missing; never got; lost; never arrived; never received; not received; nothing came; did not get;
        didn't get; did not arrive; didn't arrive; haven't received; have not received; hasn't arrived; has not
        arrived; gone missing; not here; disappeared; no sign of; nowhere to be found; stolen; nobody has seen; didn't
        receive; not get
    neighbour; neighbor; next door
    express; next day; next-day; overnight; same day; fast; faster; quick; urgent; rush; hurry; priority
    abroad; foreign; international; overseas; country; countries; other country; outside; worldwide; another country
    ~ country; france; spain; italy; austria; switzerland; belgium; netherlands; denmark; poland; norway; sweden; uk;
        united kingdom; england; ireland; scotland; usa; america; united states; canada; australia; germany;
        luxembourg; portugal; greece; czech; finland; hungary; japan; china; india; turkey; croatia
    european union; eu; europe; european
    ~ european union; france; spain; italy; austria; belgium; netherlands; denmark; poland; sweden; ireland; portugal;
        greece; finland; hungary; croatia; germany; luxembourg; romania; bulgaria; slovakia; slovenia; czech
    address; street; postcode; zip code; postal address; house number; where i live
    shipping address; delivery address; postal address; address
    moved; moved house; move; new home; relocated; new address; new place; moving
    deliver to; ship to; send to; deliver; shipping to
    out of stock; sold out; back in stock; available; not available; unavailable; in stock; stock; availability;
        available again; restock; get more; still have; back order; back-order; backorder; run out
    pre-order; preorder; order in advance; back-order; backorder
    pick up; collect; fetch; collection; click and collect; pickup; pick-up; collect in person; come and get; get it
        myself
    bulky; large; heavy; big; oversized; furniture; freight
    cancel; call off; withdraw; revoke; undo; annul; cancellation; called off; back out; cancelled; abort; stop; drop
    cancel; terminate; end; quit; stop; give notice; unsubscribe; termination; get out of; leave; ended; no longer
        need
    change; alter; edit; modify; amend; adjust; correct; fix; swap; switch; update; changed
    change; move; postpone; reschedule; shift; bring forward; put off; delay; push back; rebook
    wrong; mistake; by mistake; error; incorrect; typo; accidentally; by accident; misspelt; picked the wrong;
        spelling mistake
    add; put in; include; append; extra; additional
    confirm; confirmation; confirmed; did it go through; order confirmation; go through
    spam folder; spam; junk; junk folder; junk mail
    quantity; number of; amount of; how many
    size; bigger; smaller; fit; fits; too small; too big; sizing; larger; dimensions; measurements
    colour; color; shade
    ~ colour; blue; red; green; black; white; yellow; grey; gray; brown; pink; purple
    gift; present; birthday; christmas present
    gift wrap; gift wrapping; wrapping; wrapped; greeting card; card with a message; gift message
    packaging; package; carton; box; packing; wrapping; original packaging; cardboard
    split; separately; in several parcels; in parts; separate
    slot; time slot; time window; evening; appointment
    safe place; leave it; garage; porch; shed; drop off; leave my parcel; not at home; not home; nobody home; nobody
        is home
    warehouse; depot; stockroom
    customs; duty; duties; import tax; import duty

    # Returns, faults, warranty.
    return; send back; give back; take back; bring back; returning; returnable; sent back; back to you; hand back;
        hand in; ship back; returned; give it back; send it back; take it back; bring it back; send them back; mail
        back
    exchange; swap; replace; different size; trade; change for; other size; switch; another size; another colour
    replace; replacement; new one; substitute; another one; send a new
    label; return label; shipping label; sticker; return slip; returns label
    keep; hold; store; retain; held; put aside; set aside; reserve; kept
    broken; damaged; faulty; defective; defect; fault; cracked; torn; snapped; broke; smashed; does not work; doesn't
        work; not working; stopped working; malfunction; dented; scratched; out of order; break; kaputt; crushed;
        ripped; damage; bent; burst; hole; teared; gave up; died
    stopped working; does not work; doesn't work; not working; no longer works; won't work; isn't working; not work;
        fails; failing; bug; crash; crashes; freezes; stuck; problem; issue; trouble; glitch
    problem; issue; trouble; difficulty; complaint; complain; wrong with
    complaint; complain; dissatisfied; unhappy; disappointed; grievance; claim
    warranty; guarantee; guaranty; warrantee; covered by; warranty period; under warranty; legal warranty
    claim; make a claim; file a claim; hand in a claim; report; submit
    repair; fix; mend; repaired; fixed; put right; patch; restore; workshop; service; repairs
    spare part; spare parts; replacement part; component; part
    used; worn; opened; unsealed; second-hand; second hand; tried; tried on; wear
    unused; unworn; new; unopened; sealed; original condition
    wear and tear; wear; normal wear
    photo; picture; image; photograph; pictures; screenshot; snapshot
    wash; clean; cleaning; laundry; washing machine; washable; launder; rinse; detergent; dirty; wash it
    dry; tumble dry; dryer; drying
    waterproof; waterproofing; reproof; impregnate; water repellent; proofing; watertight; rainproof
    maintain; maintenance; care; look after; service; upkeep
    recycle; recycling; dispose; disposal; throw away; old device
    recall; safety notice; product recall; dangerous
    hygiene; hygienic; sanitary
    food; meal; meals; eat; eating; catering; snack; dish
    underwear; lingerie; swimwear; bikini

    # Accounts, signing in, data.
    sign in; log in; login; log on; sign on; signin; get in; logging in; signing in; access; logged in; get back in;
        logon
    sign out; log out; logout; signout; log off
    sign up; register; registration; create an account; new account; open an account; signup; signing up; join; enrol;
        enroll
    account; profile; user account; customer account; my page
    password; passphrase; passcode; pin; login data; credentials; pass word; pin code
    forgot; forgotten; lost; can't remember; cannot remember; don't remember; no longer know; do not remember; forget;
        reset
    reset; restore; recover; set again; renew
    locked; blocked; locked out; suspended; disabled; banned; deactivated; frozen; lock; block
    attempts; tries; too many tries; times wrong; attempt; too often
    two-factor; 2fa; two factor; second factor; authenticator; two-step; mfa; verification code; two-factor
        authentication; tfa; otp; multi-factor; two step verification
    verification code; code; security code; one-time code; six-digit code; verify
    verify; verification; identify; prove; identification
    email; e-mail; mail; email address; mail address; e-mail address; mailbox; inbox
    message; mail; note; notification; email; text; sms
    link; url; web address; hyperlink
    delete; erase; remove; close; get rid of; wipe; deletion; destroy; clear; eliminate; take out
    remove; take off; take out; delete; kick out; exclude; detach
    close my account; delete my account; close account; delete account; remove my account; delete my profile;
        deactivate my account; closing your account; deleting your account; account deletion; cancel my account
    personal data; data; privacy; gdpr; my information; data protection; personal information; details about me; dsgvo
    copy of my data; data copy; data export; what you know about me; data you hold; stored about me; data you store
    newsletter; marketing; advertising; promotional; mailing; mailing list; advertising mails; subscribe; ads;
        promotions; promo mails; adverts; spam; junk mail
    unsubscribe; take me off; opt out; stop sending; no more; stop getting; not want any more; stop receiving; switch
        off; remove me from
    notification; notifications; alert; alerts; notify; push message; reminder; text message; beep; let me know;
        inform; tell me
    sms; text message; text; short message; text messages
    phone; telephone; call; ring; mobile; cell phone; smartphone; cellphone; handset; phone number; hotline; call you;
        by phone; speak to; talk to
    hacked; hack; hijacked; compromised; stolen account; someone else used; fraud; scam; phishing; unauthorised;
        unauthorized
    security; secure; safe; safety; protect; protection
    encrypt; encrypted; encryption; end-to-end
    share; sharing; shared; give access; together with; in common; let others; show to; several people; all of us;
        show
    family; household; relatives; partner; wife; husband; children; kids; flatmates; spouse; live together; same
        address; parents
    child; kid; children; kids; baby; toddler; infant; son; daughter; little ones; little one; minor; teenager
    invite; invitation; add someone; add people; bring in; invited; add a colleague; add a user
    member; user; colleague; team; person; employee; people; coworker; seat; staff; teammate
    guest; without registering; without an account; guest checkout; no account; visitor; as a guest
    role; permission; permissions; rights; access rights; admin; administrator; privileges; allowed to
    admin; administrator; owner; manager; boss
    ownership; owner; transfer ownership; hand over; take over; hand it over
    username; user name; nickname; display name; login name; handle
    name; surname; last name; first name; maiden name; married; family name
    language; translation; translate; multilingual
    ~ language; english; german; french; spanish; italian; polish; dutch; turkish
    settings; preferences; options; configure; configuration; setup; set up
    turn on; switch on; enable; activate; activation; turned on; switched on; start using; turning on
    turn off; switch off; disable; deactivate; stop; switched off; turned off; silence; mute; quiet; turning off
    app; application; program; software; tool; programme
    ~ app; phone; android; iphone; ios; mobile
    computer; laptop; pc; desktop; mac; notebook computer; macbook; windows
    mobile; phone; tablet; smartphone; iphone; ipad; android; handheld; cell
    browser; chrome; firefox; safari; edge; web browser; opera
    extension; add-on; plugin; plug-in; addon; clipper
    operating system; windows; macos; linux; android; ios; ubuntu; platform; supported systems; system requirements
    version; release; edition; revision
    update; upgrade; new version; latest version; updated
    download; save; get the file; downloading
    upload; attach; attachment; file; attached; files; document; documents
    storage; space; disk; quota; capacity; memory; gigabyte; gb; room for
    limit; maximum; most; up to; at most; restriction; cap; largest; biggest; max
    minimum; at least; smallest; lowest; least
    backup; back up; copy; export; archive; safety copy; saved copy
    import; bring in; migrate; switch over; move over; switching; migration; bring with me; come from; transfer from
    export; download all; take out; get my data; data out; everything in one file; save all
    sync; synchronise; synchronize; syncing; synchronisation; synchronization; not the same on; other device; both
        devices; turns up on; show up on; devices
    offline; without internet; no internet; no connection; no network; without reception; no signal; without a
        connection; flight mode; no wifi; without wifi
    internet; online; wifi; wi-fi; wlan; connection; network; web; reception
    server; servers; data centre; data center; hosting; hosted; cloud
    data centre; where is my data; data stored; data located; servers located; servers
    api; interface; developer; developers; webhook; rest; programmatic; endpoint; token
    integrate; integration; connect; connected; link with; works with; slack; zapier; connector
    outage; downtime; down; not reachable; status page; disruption; unreachable; offline
    search; find; look for; looking for; search for; finding; locate; look up; searching
    history; earlier version; previous version; older version; past; revert; roll back; rollback; the way it was;
        overwritten; overwrote; changes; version history
    restore; recover; get back; undelete; undo; put back; bring back; retrieve; recovery
    bin; trash; recycle bin; deleted; wastebasket; deleted items; rubbish
    folder; notebook; directory; organise; organize; sort; category; nest; nested; inside another
    print; printer; printing; printout; on paper
    template; pattern; boilerplate; preset; sample
    shortcut; shortcuts; hotkey; key combination; keyboard shortcut; keys; hotkeys
    comment; comments; remark; annotate; discussion; mention; reply; feedback
    document; paper; papers; file; documents
    calendar; schedule; agenda; diary
    sso; single sign-on; single sign on; okta; saml; azure ad; entra
    dpa; data processing agreement; processing agreement
    terms; conditions; terms and conditions; contract; agreement; legal

    # Subscriptions and memberships.
    subscription; membership; plan; contract; package; tariff; abo; subscribe; subscribed; subscriber; member
    plan; tariff; package; edition; tier
    upgrade; higher plan; bigger plan; move up; switch up; larger plan
    downgrade; lower plan; smaller plan; move down; smaller tariff; smaller package; cheaper plan
    trial; free trial; test; try out; try it; trial period; testing; test period; try before
    renew; renewal; extend; extension; renews; automatically renew; prolong; prolongation; auto-renew; longer;
        continue
    pause; hold; suspend; put on hold; break; freeze; interrupt; rest; on hold; take a break; skip; pausing; stop for
        a while
    benefit; benefits; advantage; advantages; perk; perks; what do i get; includes; included; what is in; features;
        worth it; privileges; extras; what does it include
    include; contain; comprise; be part of; covered; consist of; including; part of
    monthly; month; per month; each month; every month; a month
    yearly; year; annual; annually; per year; a year; each year; every year; twelve months
    period; term; duration; how long; runtime; end of the month; valid; months; years
    expire; expired; expiry; run out; valid; lapse; no longer valid; validity; ran out; valid until; out of date; runs
        out; good for; how long is it valid; how long are these valid; still good; expires

    # Shops, opening, contact, people.
    shop; store; branch; outlet; showroom; location; retail; shops; premises; office; walk in; drop by; in person;
        branches
    opening hours; open; hours; opening times; when are you open; business hours; close; closed; closing; office
        hours; opening time; available at; reachable; what time
    saturday; sunday; weekend; weekends; monday; friday; on saturdays; on sundays; public holiday; bank holiday;
        weekday; weekdays; holidays
    public holiday; bank holiday; christmas; easter; holidays; new year
    contact; reach; get in touch; phone; call; write to; hotline; talk to; speak to; customer service; support;
        helpline; helpdesk; get hold of; reach you; contact you; human; agent; advisor; adviser; real person
    where; where exactly; located; address; directions; find you; location; where to find; how to get to; which town
    appointment; slot; book; booking; reserve; reservation; schedule; make an appointment; by appointment
    book; reserve; reservation; booking; booked; reserved; schedule; make a reservation
    hold; reserve; keep; option; put aside; set aside; save for me; not sure yet; hold it
    parking; park; car park; parking lot; parking space; garage; parked
    bring; take along; carry; have with me; need with me; bring along; take with me; take with; bring with
    identity card; id; passport; identification; id card; proof of identity; driving licence; driver's license;
        identity; ausweis
    passport; visa; travel document; entry requirements; entry
    someone else; somebody else; brother; friend; another person; on my behalf; third person; other person; neighbour;
        for me; sister; colleague; my wife; my husband; different person
    age; old; years old; at least 18; minimum age; how old; under 18; adult; minor; too young
    job; jobs; vacancy; hiring; career; apply; internship; work for you; recruit
    advice; advise; recommend; recommendation; consultant; which one; suitable; help me choose
    training; course; webinar; lesson; workshop; tutorial; class; teach; learn
    group; groups; class; several people; party; team; many people; large group
    review; rating; rate; feedback; stars; testimonial; evaluate
    emergency; urgent; urgently; help at once; accident; danger
    police; crime; theft; stolen
    vegan; vegetarian; diet; allergy; allergies; allergic; gluten; lactose; dietary; gluten-free; nuts; kosher; halal;
        special diet
    environment; environmental; climate; sustainable; sustainability; carbon; eco; green; climate neutral; co2;
        emissions
    accessible; wheelchair; disabled; disability; step-free; accessibility; barrier-free; can't walk; no stairs; lift;
        handicapped
    lift; elevator; stairs; floor; upstairs; staircase
    animal; dog; cat; pet; pets; animals; dogs; puppy

    # Rental, travel, events, appointments.
    rent; hire; rental; lend; borrow; lease; renting; hiring; on loan; rented
    rental car; hire car; car hire; car rental; rent a car; rented car
    late; delay; delayed; too late; overdue; behind schedule; belated; later; not on time; hours late; hold-up
    early; earlier; before; in advance; ahead; beforehand; sooner
    trip; journey; travel; holiday; tour; vacation; travelling; holidays; voyage; traveling
    ~ trip; booking; flight; hotel
    flight; plane; fly; airline; aeroplane; airplane; flying; aircraft; flights; take-off
    airport; terminal; airfield
    luggage; baggage; suitcase; bag; bags; cabin bag; hand luggage; trolley; backpack; suitcases
    seat; seats; sit; legroom; seating; sit together; window seat; aisle; places
    check-in; check in; checking in; arrival time; boarding; get the room
    check-out; check out; checkout time; leave the room; leaving the room; stay longer; late check-out; late checkout
    boarding pass; boarding card; ticket; plane ticket
    ticket; pass; admission; entry; tickets; travel documents
    hotel; room; accommodation; lodging; apartment; holiday home; guesthouse; cottage; hostel; flat; villa; resort
    holiday home; apartment; cottage; villa; holiday apartment; vacation home; chalet
    breakfast; half board; full board; meals; dinner; lunch; buffet; all inclusive; catering
    excursion; day trip; outing; sightseeing; tour; trips; guided tour; excursions
    guide; tour guide; leader; rep; representative
    transfer; shuttle; taxi; bus; pick-up; ride; private car; cab; picked up
    train; rail; railway; by train; rail and fly; rail ticket
    bicycle; bike; cycle; e-bike; electric bike; ebike
    pram; stroller; pushchair; buggy; baby carriage
    cot; crib; baby bed; extra bed
    vaccination; vaccine; jab; jabs; shot; shots; inoculation; immunisation; vaccinations; vaccinated
    ill; sick; illness; disease; fall ill; unwell; broke her leg; broke his leg; injured; injury; hospital; doctor;
        broken leg; sickness
    doctor; physician; hospital; medical; clinic; gp
    depart; departure; leave; set off; start; leaving; take off; set out
    passenger; traveller; traveler; participant; person; travellers; people; head
    depart late; delayed; behind schedule; late flight; hours late; delay
    tip; gratuity; tips; tipping
    dirty; filthy; unclean; mess; stained; grubby; not clean
    clean; cleaning; tidy; housekeeping
    meeting; event; conference; session
    concert; show; theatre; performance
    weather; storm; rain; snow; flood

    # Things that help centres of many trades speak of.
    estimate; quote; quotation; cost estimate; offer; ballpark; what will it cost
    notify; let me know; tell me when; inform; alert; remind; reminder; get a message when; email me when; message me
    extend; prolong; longer; renew; more time; keep it longer; extension; lengthen; stretch
    shorten; reduce; less; fewer; decrease; lower
    raise; increase; more; higher; go up; top up
    zip; zipper; zip fastener
    detergent; soap; washing powder; washing liquid; softener; cleaner
    fitting; try on; measure; measurement; get measured; fitted; consultation
    workshop; repair shop; service centre; technician; mechanic; engineer
    own; own brand; house brand; private label
    brand; make; manufacturer; label; maker; other brand
    receipt; till receipt; sales slip; proof of purchase; ticket
    valid; validity; good for; usable; work until; accepted until
    redeem; use; enter; apply; cash in; put in the code; type in; where do i enter
    combine; use together; stack; both at once; at the same time; add up; two codes; two vouchers; more than one
    interest; extra cost; financing; loan
    adult; over 18; of age; grown-up; at least 18; minimum age
    advance; beforehand; ahead of time; up front; upfront; prior
    on time; punctual; in time; late
    daily; per day; a day; each day; day rate
    hourly; per hour; an hour
    weekly; per week; a week
    weight; weigh; kilo; kilos; kg; heavy; pounds
    length; height; width; dimension; dimensions; measure; size; how big; how tall
    theft; stolen; steal; robbed; burglary; thief
    lose; loss; lost; mislaid; misplaced; left behind; forgot; gone
    lost property; left behind; forgot my; lost and found
    contents; content; what is inside; what's inside; comes with; included in the box
    responsible; liable; liability; who pays; at my expense; my fault; own fault
    accident; mishap; fell; dropped; crash
    burn; burnt; scorched; fire; melted
    leak; leaks; leaking; wet; soaked; water gets in; drips; not waterproof; lets water in
    smell; odour; stink; stain; spot; mark
    shrink; shrunk; shrank; faded; discoloured
    processing; processed; handled; being prepared; in progress; preparing
    packed; wrapped; ready to ship; on its way; dispatched; sent out; shipped; gone out; goes out; left the warehouse
    in stock; on the shelf; there now; have it there; available in the shop; stocked
    manually; by hand; in person; myself
    automatic; automatically; by itself; on its own; by themselves
    immediately; at once; instantly; right away; straight away; same day; direct
    permanent; for good; forever; final; permanently; irreversible
    temporary; for a while; for a time; short-term; interim
    lift; suspend; reactivate; reopen; unlock; unblock; open again; enable again
    history; past orders; previous orders; earlier orders; older orders
    main; default; standard; usual; normal; regular
    hand in; drop off; bring to; take to; leave at; hand over; deposit at; give in
    parcel shop; parcel point; post office; drop-off point; locker; parcel locker; pickup point
    door; doorstep; front door; at the door; refuse; reject; not accept; turn away
    postpone; delay; later date; put off; defer
    limit; maximum; per person; per customer; per household; cap
    rule; rules; policy; conditions; terms; guideline
    eligible; entitled; qualify; who can; may i; allowed to; right to; entitlement
    private; business; company; commercial; trade; wholesale; reseller; b2b
    owner; holder; member; account holder; cardholder
    evening; afternoon; morning; night; noon; midday
    nearest; near; close by; nearby; next to; closest
    town; city; place; village; area; region

    # What customers say of the usual matters of a shop, in their own words.
    get into my account; get into; can't get in; cannot get in; sign in; log in; access; no access
    wrong password; password; new password; change my password; reset my password; reset link; reset; forgotten
        password; forgot
    attempts; wrong attempts; several times; many times; keep trying; too many tries; wrongly; mistyped; three times
    new flat; new apartment; new house; change of address; moved; relocating; live somewhere else; new home; address;
        moving house; old address; previous address
    update; change; current; up to date; outdated; new; correct; replace
    old; previous; former; earlier; no longer
    change my mind; changed my mind; change our mind; changed our minds; second thoughts; reconsider; regret; undo
    leave you; want out; delete; close; deregister; sign off for good; cancel my account; disappear
    emails; mails; newsletter; advertising; mailings; flood; bombard; spam me; too many emails; so many emails; junk
    cover; covered; covers; warranty; guarantee
    fault; defect; flaw; manufacturing; workmanship; material; defects; quality problem; production fault; faults
    damage; broken; came apart; come apart; coming apart; came off; come off; coming off; comes off; fell apart;
        falling apart; fell off; gave way; peeling; peel; peels; frayed; fraying; split; split open; jammed; stuck;
        won't close; does not close; doesn't close; seam; sole; loose; unravelled; shattered; snap; cracks; crack;
        tear; tore; chipped; punctured; puncture; loses air; gave out; packed up; ripped; wobbly; bust; wrecked;
        ruined
    repair; mend; sew; sewn; stitch; stitching; glue; resole; darn; fix up; replaced; seam; torn; zip; sole; patch up
    dirt; mud; muddy; dirty; stain; stains; clean; wash; sweaty; smells; dust; grease
    waterproof; waterproofing; water; soak; soaks; soaks through; soaked through; soak through; gets wet; get wet;
        wet; lets water; let water through; water through; rain through; rain gets in; seeps; repel; repels; beads;
        beads off; repellent; wax; spray; water-resistant; keep dry; rain; proof
    dryer; tumble; dry; hang up; drying; line
    be here by; here by; arrive by; in time for; get it by; need it by; here in time; delivery times; delivery time;
        when will it arrive; how quickly; shipping time; working days; takes; delivered by; arrive before; here
        before; by friday; by saturday; before the weekend; tomorrow; next day; how fast
    ~ delivery costs; delivery; shipping; postage
    delivery costs; shipping costs; shipping cost; shipping fee; delivery fee; delivery charge; postage; shipping
        charges; cost of shipping; cost of delivery; free shipping; free delivery; shipping rates; delivery price; pay
        for shipping; pay for delivery; postage costs; minimum order; delivery cost; delivery charges; postage and
        packing; shipping price
    minimum; certain amount; minimum order value; or more; threshold; at least; spend at least; from what amount;
        amount
    bulky; kayak; canoe; surfboard; oversize; big item; large item; long item; heavy item; haulage; freight; large
        parcel; roof box
    abroad; nation; border; cross-border; non-eu; countries; outside; norway; finland; italy; spain; poland; sweden;
        ireland
    where is it; where has; status; tracking; track; parcel status; no update; not updated; hasn't moved; not moved;
        has not moved; scan; scanned; tracking link; shipment number; still waiting; how far; on the way; progress;
        tracking page
    never turned up; hasn't turned up; didn't turn up; not turned up; not been delivered; wasn't delivered; supposedly
        delivered; says delivered; marked as delivered; shown as delivered; vanished; vanish; empty; not arrived;
        missing; lost; nothing arrived; no parcel; not at my door; where is the rest; not in the box; delivered but
    arrived broken; broken on arrival; arrived damaged; damaged on arrival; damaged in transit; transport damage;
        damaged in the post; smashed; squashed; crushed; dented; battered; wet box; torn box; torn open; damaged;
        broke on the way
    one more; another; additional; extra articles; extra items; extra; add; forgot to order; forgot to add; second
        one; put in; include; add to my order; add something
    change my order; edit my order; wrong size; wrong colour; wrong color; wrong address; different size; different
        colour; change; edit; picked the wrong; chose the wrong; clicked the wrong; instead of; before it goes out;
        alter
    just ordered; just placed; just bought; minutes ago; an hour ago; order; checkout; placed the order; ordered today
    don't want it; no longer want; don't need it; no longer need; do not want; cancel; ordered by mistake; ordered
        twice; double order; cancel my order; stop my order; get out of the order; withdraw; cancelling; scrap
    no mail; no email; no e-mail; didn't get an email; no confirmation; got no mail; went through; go through; did my
        order; confirmation; registered; got my order; inbox; spam; received my order; know whether; nothing from you
    come back; coming back; back in; available again; restocked; restock; new stock; waiting list; wait list; out of
        stock; back in stock; available; when will you have; have it again; come in again; come in; new ones; sold
        out; gone
    send the rest; the rest; partial delivery; part delivery; split shipment; separate; sent separately; two parcels;
        in parts; rest of my order; wait for; all together; split; one parcel
    payment option; payment options; forms of payment; how can i pay; what cards; which cards; which payment; payment;
        ways to pay; payment methods; cards; accept; do you take
    several payments; three payments; over several months; over time; rates; half now; not all at once; all at once;
        instalments; spread; every month; small amounts; in stages; monthly instalments; pay bit by bit; pay it off
    invoice; bill; copy of the bill; copy of the invoice; tax return; tax office; expenses; expense; expense report;
        accountant; bookkeeping; for my company; company; vat; paperwork; proof; deduct; books; accounting
    promo; promo code; promo codes; discount codes; voucher codes; code; discount code; coupon; offer code; newsletter
        code
    gift card; gift cards; voucher; balance; left over; leftover; remaining; the rest; what's left; spend; credit;
        whole amount
    two codes; several codes; more than one code; both codes; two vouchers; both; combine; together; several
    join; joining; sign up; become a member; member; membership; subscribe; register
    membership fee; monthly fee; yearly fee; annual fee; membership cost; price; fee; costs a year; billing;
        subscription fee
    first payment; when do you charge; when will you charge; charge; debit; charged for the first time; taken from;
        collected; bounced; insufficient funds; taken off my account
    let it run out; auto renew; renew; runs on; not renew; renewal; renews; another year; automatically; run out
    notice; notice period; deadline; in advance; until when; by when; latest
    a month off; few months off; stop for a while; for a while; not for now; on ice; interrupt; pause; break; rest;
        away for
    ~ family; husband; wife; girlfriend; boyfriend; partner; roommate; flatmate; son; daughter; mother; father;
        sister; brother; kids; children; spouse; parents; household
    use it too; use mine; share; both use; second person; others; together; with my; for two; for both of us; use
        together; add my
    return period; return window; how long can i return; still return; too late to return; days to return; time limit;
        return deadline; return policy; days left; send it back; return; how long; still send back; still give back
    no printer; printer; print; label; qr; return label; qr code; barcode
    original box; original packaging; threw away; thrown away; threw the box; without the box; packaging; carton; box;
        shoebox; wrapping
    return form; how do returns work; start a return; register a return; returns page; return something; get rid of;
        send back; return procedure; give it back; send it back; send something back
    return shipping; return postage; pay for the return; free returns; return costs; return fee; charge for returns;
        cost of returning; returning free; return free; pay to send back; pay for returning; sending back free; cost
        to return; deduct
    still no money; haven't got my money; no money yet; money yet; credited; on my account; not on my account; refund;
        get my money; when do i get; see the money; money; repaid; get the money; money arrive; money back; bank
        account
    excluded; cannot be returned; can't return; can't be returned; not returnable; returnable; exceptions; refuse; not
        take back; accept back; cannot; exclude
    worn; used; traces; wore; tried it; used it; slept in; went hiking; signs of use; traces of use; only once
    engraved; personalised; personalized; embroidered; monogram; custom made; custom; initials; with my name; name on;
        own design
    underwear; boxers; bra; socks; hygiene; hygiene seal; panties; pants
    seal; sealed; safety seal; unsealed; opened; open; seal broken; unwrapped; tag; tags; label cut
    till what time; until what time; how late; what time do you close; what time do you open; open until; opening
        hours; open; close; sundays; lunch; still open; open today; on a sunday
    store pickup; pick it up; picking up; picked up; pick up; fetch; collect; collecting; collected; get it from the
        shop; ready for pickup; ready; self-collect; come by; click and collect; fetch it; get it in the shop; come
        round
    keep my order; hold my order; how long do you keep; how long will you keep; keep; hold; store it; waiting for me;
        lie there
    bring it back; return in store; return in a shop; take it back to; in a shop; in the shop; over the counter; shop;
        return it in; local shop; nearest shop; hand it in; hand over
    feet; foot; fitting; fit; try on; blister; blisters; pinch; hurt; sore; measure; measured; fitter; shoe size; toes
    walk in; without booking; without an appointment; spontaneous; spontaneously; just come; just turn up; drop in;
        appointment; book; make an appointment; reserve a slot; slot
    bring; bring along; take with me; need to bring; what do i need; have to show; show; required; documents
    half an hour; minutes; an hour; hours; hour; #duration
    identity card; id card; passport; proof; show my id; driving licence; identification
    adult; over 18; eighteen; how old; age; sixteen; at least 16; teenager; old enough; minor
    bank details; bank account; account number; iban; sepa; debit
    paid; transferred; sent the money; transfer; payment; bank transfer

    # More of the same, as people write it in a hurry.
    switch; change; swap; update; replace; exchange
    ok; fine; possible; accepted; accept; okay; allowed
    muddy; traces of outdoor use; outdoor; hike; hiked; walk; trail; worn outside; wore them; wore it
    remember; forgotten; forgot; can't remember; can't recall; slipped my mind
    have another go; try again; another try; locked; attempts; wait
    where's my money; where is my money; my money; see my money; waiting for my money; refund; get my money; money
        back
    a week; days; working days; five days; weeks
    turns up; turn up; show up; delivered; arrive; delivery; get here; be with me
    water; drops; droplets; rain; beads; shed
    kayak; canoe; boat
    checkout; basket; cart; shopping basket; shopping cart; at the end of my order
    which cards; cards; visa; mastercard; credit card; debit card
    for two months; months; two months; three months; months away; for months; few months
    going away; abroad for; travelling; pause; holiday
    last day; deadline; until; latest; day; period; still return
    go back; send back; return; goes back; going back; take back; back to you; bring back
    christmas; november; december; january; gift; present; santa
    strap; buckle; zip; clasp; fastener; snapped; button; buckles; straps; hook; broken
    pictures; photos; photo; picture; snap a picture; images
    internet purchase; online order; bought online; ordered online; from your website; web order; online; internet;
        website
    holland; netherlands; dutch
    vienna; austria; salzburg; graz
    brussels; antwerp; belgium
    copenhagen; denmark
    amsterdam; rotterdam; netherlands
    zurich; geneva; switzerland; swiss
    london; england; britain; uk; united kingdom; scotland; british
    germany; german; berlin; hamburg; cologne; frankfurt; stuttgart; leipzig
    postman; courier; delivery man; driver; porch; doorstep; dropped it off; dropped off; says he
    next door; neighbours; neighbour; nobody
    halfway; midway; partway; paid back; period; mid-year; in the middle of; unused
    get some money back; get money back; cash back; paid back; refund; money back; something back
    chewed; bite; bitten; dog; my own fault; own mistake; clumsy; my fault; not your fault; caught on; damage; hole
    not even from you; bought elsewhere; from elsewhere; another shop; other brands; other brand; any brand; different
        make; not yours; someone else's
    download; pdf; file; documents; get the invoice; find; where do i find; where can i get
    get it back; restore; change my mind; change of heart; undo
    binned; threw away; thrown out; chucked; tossed; packaging; shoebox; shoe box
    make up my mind; decide; think about it; think it over
    throw in; throw them in; pop in; put in; add; slip in; extra; also want
    heard nothing; nothing came; no answer; haven't heard; no word; confirmation; silence
    text; text me; sms; text message; texts; by text
    due; expected; arriving; due to come; day of delivery
    carry on; continue; go on; renews; renew; keep going; roll over
    year old; years old; aged; age; be 16; teenage; or older
    summers; seasons; years; winters; year
    still covered; cover; warranty; guarantee; covered
    wipe; erase; delete; everything about me; close me; you hold about me; personal data; forget me
    ship; send; deliver; post; mail
    own account; same account; log in together; account
    pinch; tight; too tight; too small; don't fit; doesn't fit; does not fit; wrong fit

    # Things, and what else they are called.
    boot; boots; footwear; hikers; walking boots; hiking boots; hiking shoes; shoes; shoe
    rucksack; backpack; pack; daypack; rucksacks; backpacks; bag
    jacket; coat; parka; anorak; shell; raincoat; mac; jackets; rain jacket; waterproofs; windbreaker; cagoule
    trousers; pants; leggings; jeans; bottoms
    tent; tents; shelter; bivvy; canvas
    cartridge; canister; gas bottle; fuel; gas; cartridges; canisters
    stove; burner; cooker; camping stove
    food pouches; freeze-dried; meals; trekking food; food; rations; pouch; pouches; dried food; dinner; eat
    underwear; briefs; boxers; knickers; base layer; long johns; underpants; bra; socks; lingerie
    climbing rope; rope; ropes; harness; helmet; carabiner; climbing gear
    tent pole; pole; poles; rod; segment
    clothes; clothing; garment; garments; apparel; clothes
    gear; equipment; kit; stuff; things; articles
    article; articles; item; items; product; thing; piece; goods; one
    sleeve; hem; seam; stitching; fabric; lining; pocket
    sofa; couch; settee
    laptop; notebook; computer
    fridge; refrigerator
    telephone; cellphone; phone; mobile
    fortnight; two weeks; weeks
    quid; bucks; euros; pounds; euro

    # As people write it in letters.
    count with my money; see nothing on my; credited; refund; my money; on my credit card; get the money; money back
    who pays; who pays for; who bears; free; cost; costs; charge; deduct; expense; fee; at my expense
    hold an order; hold my order; keep it for me; before it goes away; how long is it kept; keep; set aside; days
    third; every day; constantly; so many; too many; never asked for; advertising; newsletter; no more
    transferred to; another account; other account; different account; means of payment; back to
    handed over; handed it over; claims he; says he; delivered; building; nobody has it; received nothing
    profit; benefit; use; enjoy; advantages
    frozen; freeze; paused; pause; put on ice; stopped; interrupted; rest
    hospital; rehab; ill; away; absence; pregnant; abroad
    details; data; information; address; email; profile; contact details
    customer area; my account; account; profile; settings; my page
    mail provider; new email; new mail; email address; email; other email
    each with own login; own account; own login; separate accounts
    is the rest lost; the rest; lost; expire; remaining; what is left; spend; stays
    wire the money; wire; transfer; bank transfer; in advance; prepay
    fast option; express; fast; quick; next day; tomorrow
    how much extra; surcharge; extra; additional; how much more
    not sure now; went through; go through; pay twice; confirmation; purchase completed; twice
    look at; view; see; visit; have a look
    what street; which street; address; where; located; find
    locked door; closed; open; sunday
    call the purchase off; call off; cancel; stop the purchase; cancel the purchase
    still keep; kept; keep of me; retain; stored; erased
    typed wrong; wrong; again and again; attempts; blocked; typed my login wrong
    on its way; dispatched; left the warehouse; sent; shipped; in transit
    shows nothing; no information; blank; empty; not shown; nothing yet; no information yet; first scan; not working
    how much more; free; minimum; for nothing; amount; orders of; on top; add on; basket; reach
    firm; company; business; firm's name; company name
    send back; return; post back; post them back; post it back; get back to you
    don't like; dislike; return; change my mind
    bookkeeper; bookkeeping; accountant; invoice; proper bill; bill; office
    correct that; correct; change; edit; fix; right size
    go about; go about this; how to; what must i do
    needs; wants; asks for; require

    code word; password; secret word; pass word
    shut out; locked out; locked; blocked; let me in; won't let me in; not let me in; kept out; guessing; wrong
        attempts
    different places; delivery places; addresses; several addresses; save; store; stored
    gone; delete; erased; removed; want my profile gone; my account gone
    morning; day of delivery; day; before the courier comes
    courier comes; delivery; delivered; day of delivery; arrives; comes; driver comes
    guarantee pay for; cover; covered; covers; warranty; guarantee; claim
    burn; burns; burned; melted; spark; sparks; fire; campfire; singed; scorched
    badly sewn; workmanship; seam; came apart; fault; material; poorly made; bad quality; badly made
    reacts; react; answer; respond; reply; get back to me; hear back; hear from you; response
    defective product; article; fault; defect; claim; faulty
    different maker; other brands; other brand; other makes; another make; maker; another brand
    done for; broken; worn out; had it; kaput; dead
    like a sponge; soaks through; wet; waterproofing; water
    noon; midday; before 2 pm; at noon; morning; afternoon
    thursday; friday; working day; next working day; tomorrow; monday; tuesday; wednesday
    make it; arrive; in time; on time; here by; get here; be here; reach me
    big thing; bulky; bulky goods; large; large goods; big parcel
    brought to us; delivered; delivery; brought to me; brought home
    send here; ship to; deliver to; countries; send to
    just throw; throw a; add; put into; include; put in
    clicked buy; ordered; bought; order; accident; by accident; by mistake
    only coming later; back-order; wait; later; split shipment; late one; sent ahead; ahead; separately
    billed for; charged; charge; debited
    reissue; rewrite; rewritten; issue again; correct; new invoice; change the invoice
    club accounts; club; association; treasurer; company; books; accounts
    club; membership; plus; member; scheme; programme
    a day earlier; earlier than me; early; before everybody; 24 hours; first
    proofed; reproof; reproofed; waterproofed; impregnated
    bank refused; debit fails; debit failed; empty; refused; not enough money; payment failed; fails; could not be
        debited
    thrown out; kicked out; suspend; suspended; lose my membership; membership ends
    get out; end; cancel; leave; quit; stop
    see any of the money; paid back; refund; money again; money back; see my money
    his own login; her own login; own login; own account; own order history; see what i buy; sees what i order;
        history
    add him; add her; add them; invite; add my; join
    come back; return; back; send back; go back; goes back; bring back
    november; december; christmas; between; period
    do the others; others; rest; remaining; other things
    ten days ago; days; working days; a while ago; weeks ago; still nothing
    part of my money; deduct; deducted; keep part; subtract; keep some
    name stitched; stitched on; embroidered; name; sewn on; printed; initials
    hates it; doesn't like it; dislike; take it back; return
    on the web; website; online; online order; internet; web
    walk into; shop; in person; hand in; go into; walk in
    banknotes; cash; pay out; paid out; in cash; cash in hand
    nobody in our house; nobody; neighbours; household; no one; not here
    price for; price; cost; costs; what does it cost; how much
    pegs; stakes; extra articles; socks; gloves; accessories

    scan; first scan; tracking; shipped; nothing to see; anything to see; no scan; not updated
    unsubscribed; unsubscribe; unsubscribing; still getting; still get; got another one; newsletter; last mail
    vat id; vat number; tax number; vat
    issue it again; reissue; rewrite; issued; put them in; correct
    hardshell; jacket; shell; rain jacket; softshell; rainwear; rain gear; waterproofs
    temperature; degrees; hot; warm; how hot; celsius
    while i'm away; away; travelling; all summer; not buying; break; pause; on hold
    mud; tread; dirt; traces; used outside; hike; muddy
    rang; doorbell; nobody rang; delivered; was home; at home all day
    the people next door; next door; neighbours; neighbour
    manufacturing defect; fault; defect; workmanship; material

    sent my daughter; invitation; invite; invited; run out; expire; no longer works; no longer valid; expired
    order with my free shipping; share; membership; my free shipping; use my plus
    finance; instalments; pay in instalments; basket value; minimum spend; spend
    minimum spend; minimum; from a basket value; basket value; at least; lowest amount
    oversized; bulky; rooftop cargo box; roof box; cargo box; roof rack box; extra postage
    get into the sale; sale; early access; earlier; enter the sale; before everybody
    fabric conditioner; fabric softener; softener; conditioner
    reproof; reproofing; waterproof; impregnate; proof; spray; reapply; re-waterproof
    how often; every; each; times; per
    wear and tear; normal wear; ordinary wear; covered; cover
    queue; queuing; queueing; line; post office
    drop the shoes; drop off; hand in; leave; return in a shop; with your people
    send it off; sent; dispatched; goods are sent; ship it; when will you send; shipped
    transferred the money; bank transfer; transfer; wired; paid by transfer; remitted
    beforehand; first; in advance; estimate; before you start; price beforehand
    torn off; torn; ripped off; came off; broken; strap
    send it ahead; ahead; split shipment; separately; first; send the rest; on its own; sooner
    still empty; empty; blank; no scan; first scan; nothing shown; not showing
    bank rejects; rejects the payment; debit fails; rejected; declined; payment fails; bounces
    rest of the postage; postage; return costs; label; deduct; free
    this afternoon; today; within three hours; hours; same day; ready
    hit buy; ordered; placed; bought; clicked; pressed buy
    going to my old flat; wrong address; old address; delivery address; old flat; change the address
    entered a new email; new email address; becomes active; confirm; click the link; old one; still writing
    headlamp; head torch; torch; lamp; headlight
    cardboard; carton; box; sturdy; packaging
    parcel off tomorrow; hand in; date; in time; counts; posted; postmark; drop the parcel off; days are up
    rejects; reject; refuse; decline; fail
    is it free; free; free of charge; for nothing; cost; costs

    flatmate; housemate; roommate; somebody else; someone else; friend; colleague; neighbour; have to show
    promo codes; discount codes; voucher codes; 2 promo codes; two codes; same order; codes
    patch; mend; repair; sew; dog; own fault; my own fault; my fault; nobody's fault
    store credit; gift card; voucher; gift voucher; credit note
    redeemed; redeem; used; valid; still good; still valid
    quit; end; cancel; rolls over; roll over; renew; renews; extended; extended again; want out; the latest; latest
    hold about me; wipe; erase; delete; erased; close my profile; deleted; personal data
    longer guarantee; guarantee; warranty; years; longer
    make yourselves; own brand; your own; house brand; you make; made by you; of yours
    not one of yours; not from you; other brands; isn't from you; it isn't from you; bought elsewhere; one of yours
    let me know; notify; notify me; message me; tell me; as soon as; write to us; write to me
    have it in; got it in; in again; back in; available again; back in stock
    put right; change; fix; corrected; correct; edit; altered; sorted out
    twenty minutes ago; ten minutes ago; minutes ago; just now; just ordered; minutes; 45 minutes
    says he needs; needs an l; wrong size; different size; size; too small
    grown-up; adult; 16 or older; 16; over 16; son; daughter
    each of us; each of them; everybody; everyone; all of us; share; household; both
    profit from; use; share; benefit from
    hand the money; pay the postman; cash on delivery; cash; pay at the door; postman; courier
    bank details; account details; direct debit; card details; bank; online banking
    clogging; clog; inbox; promotional; newsletter; mails; promotional mails; make it stop; stop
    sat nav; satnav; navigation; navigate; address; street; find; map; google maps
    what street; street; address; located
    in my hand; in cash; cash; pay out; money in hand
    drop it off; drop off; hand in; bring; leave it
    walk; look at how i walk; watch you walk; gait; measure; feet; fitter; fitters
    what would suit me; suit; suitable; models; recommend; fits me; what to wear; shape
    somebody who; someone with you; staff; expert; adviser; fitters; fitter; specialist
    statement; bank statement; bank account; account; card; credit card statement
    pay the money back; refund; money back; repay; release the refund
    came apart by itself; seam; fault; came apart; tore out; tore right out; strap; workmanship; by itself
    look into it; check; examine; answer; look at it; get it replaced; get it fixed
    gets fixed; fixed; replaced; repaired; repair or replace; fixed or replaced
    what do you need; need from me; need from us; order number; receipt; photos; documents; form
    each month; every month; monthly; per month
    operated; operation; surgery; doctor; knee; injury; injured; sofa; off; not using
    quit for good; quit; end; cancel; for good
    some other carton; other carton; another box; any box; carton; packaging; different box
    i live in; living in; address; germany; within germany
    45 euro; 60 euros; amount; basket; order value; below; under
    rang; ring; delivered; delivery; doorbell; handed over; took it in; flats; building
    ok; okay; allowed; possible; can i
    fee for sending back; return fee; return costs; fee; deduct; label; sending back; return
    netherlands; belgium; other countries; countries; from abroad

    # How things are asked.
    how long; how many days; how many weeks; how many months; how many years; how soon; how fast; duration; how
        quickly; what time; until when; till when; by when; deadline; how many hours; too late; in time; how late;
        #duration
    when; what day; which day; how long; how soon; by when; from when; what time; #duration
    ~ how long; time; times; period; term; days; weeks; months; years; hours; working days; limit; within
    how much; what does it cost; what do i pay; what would it cost; cost; price; how expensive; fee; surcharge; #money
    whole; entire; complete; full; all; everything; in full
    part; partial; partly; half; some of; only part; portion; piece
    condition; state; requirement; rule; restrictions
    own brand; own label; house brand; your own
    fill in; enter; type in; put in; form; redeem; apply; input
    form; questionnaire; application
    quick guide; manual; instructions; guide; how to use; handbook
    stuff; things; items; goods; products; belongings
    item; product; article; goods; thing; items; products; articles; merchandise
"""
"""One group a line (an indented line goes on with it), its words and phrases between semicolons. A line that starts
with "~" holds words that only have to do with its first one; "#duration" and "#money" are what a passage says in
figures."""

LIGHT = """
    able absolutely accident accidentally across actually ahead allow allowed along altogether amazing among announce
    anymore anyone anyway anywhere apparently april around ask asked asking august aware away awful bad bag beautiful
    became become becomes been began believe best better between big bit both bother bought boy boyfriend brother
    buddy came care case certain chance change clear close come comes coming completely concern confused consider
    correctly couple cousin customer dad daughter day days dear december decide decided deep definitely difficult
    directly dozen easy eight either else end enjoy enough enter evening ever everybody everyone everything everywhere
    exactly example expect explain fact family far fast father february feel felt few figure finally fine first five
    folks followed follows forward found four friday friend full fully fun funny girl girlfriend glad go goes going
    gone good granddad grandma grandmother group guess guy half hand handle happen happened happening happens happy
    hard hate he he's hear heard hello help hey hi high home hope hour hours house human husband idea immediately
    important included including inside instead interested issue issues itself january july june keep kept kick kid
    kids kind kindly knows lady large last lately latest least leave left less life little live loads long longer look
    looked looking looks lot love lovely made main man march matter maybe mean means meant mention mine minute minutes
    mistakenly mom moment monday month months morning mother mum myself name nearly necessary need needed needs
    neither nephew new next nice niece night nine nobody normal normally nothing noticed november nowhere october off
    ok okay old one ones online order ordered others ours ourselves outside over own page part particular people
    perfect perhaps person picked place plan planning please point possible possibly pretty previous previously
    probably problem process properly put question questions quick quickly quite rather ready real realised realized
    really reason recently regarding related respond rest result right round sad said same saturday saw say says seems
    september set seven several shall she she's short show shows simple simply since single sister sitting situation
    six small somebody someone something sometime sometimes somewhat somewhere son sorry sort sounds special spend
    start started state stay step still stop story stuff stupid suddenly sunday suppose supposed sure tell ten
    terrible thank themselves they're thing thought three through thursday till today together tomorrow tonight tried
    true tuesday turn turned turns twice two type under understand unfortunately unless unsure useful usual usually
    various view wait waiting want wanted wants we'd we're wednesday week weekend weeks weird whatever whether whole
    whom whose wife wish woman wonder wondering word words work working works world worried worse worth wrong year
    years yes yesterday yet you're young yourself
"""
"""Words that tell a story around the question more often than they say what it is about."""

GOODS = """
    armchair backpack bag battery bed bench bicycle bike black blanket blouse blue book boot boots bottle bowl
    bracelet brown cable camera cap carpet chair charger clock clothes coat coffee computer console cooker cup curtain
    desk device dishwasher dress drill drone dryer earrings fan fleece food freezer fridge game glass glasses glove
    gloves green grey grill guitar hairdryer hat headphones heater helmet hoodie iron item jacket jeans jersey
    jewellery jumper kettle keyboard kitchen knife lamp laptop light machine mat mats mattress microwave mirror
    monitor mouse necklace oven pan pants perfume phone pillow pink plant plate pot printer pullover purple rack radio
    razor red ring rope router rucksack rug sandals saw scarf screen shelf shirt shoe shoes shorts skates skirt socks
    sofa speaker stool stove suit suitcase sweater sweatshirt table tablet tent thermos toaster torch towel toy
    trainers trousers tshirt tv umbrella vacuum vase wallet wardrobe watch white yellow
"""
"""Things people buy. A folder need not name the very thing that a customer wants to return or has broken."""
