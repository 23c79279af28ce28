"""What customers and help centres say for the same thing in German: words and phrases of a like meaning."""

from __future__ import annotations

GROUPS = """
    erstattung; rückerstattung; erstatten; geld zurück; rückzahlung; zurückzahlen; auszahlen; zurückbekommen;
        gutschrift; bekomme mein geld; preis zurück; zurückerstatten; guthaben
    preis; kosten; kostet; preise; teuer; wie viel; wieviel; gebühr; tarif; bezahlen; zahlen; zuschlag; aufpreis; was
        zahle ich; preisliste; betrag; billig; günstig
    gebühr; aufpreis; zuschlag; zusatzkosten; strafe; extra; mehrkosten; bearbeitungsgebühr
    bezahlen; zahlen; zahlung; begleichen; zahlbar; bezahlung; überweisen
    zahlungsart; zahlungsarten; zahlungsmethode; zahlungsmittel; zahlungsweise; zahlungsmöglichkeiten; wie kann ich
        zahlen; wie kann ich bezahlen; womit kann ich
    ~ zahlungsart; paypal; visa; mastercard; kreditkarte; lastschrift; überweisung; rechnung; klarna; vorkasse; bar;
        sepa; giropay; bezahlen; zahlen
    kreditkarte; karte; ec-karte; bankkarte; girokarte
    lastschrift; abbuchen; abbuchung; einziehen; einzug; bankeinzug; sepa; abgebucht; belasten; eingezogen
    nachnahme; bar bei lieferung; beim boten zahlen
    rate; raten; ratenzahlung; ratenkauf; in raten; teilzahlung; finanzierung; abstottern; später zahlen; monatlich
        zahlen
    abgelehnt; zahlung fehlgeschlagen; fehlgeschlagen; nicht angenommen; verweigert; geht nicht durch; abgewiesen;
        gescheitert
    doppelt abgebucht; zweimal abgebucht; doppelt berechnet; doppelt bezahlt; zweimal bezahlt
    rechnung; beleg; quittung; kassenbon; kassenzettel; kaufbeleg; rechnungen; bon
    mahnung; zahlungserinnerung; mahngebühr; offen; rückstand
    mehrwertsteuer; umsatzsteuer; steuer; ust-id; steuernummer
    rabatt; nachlass; ermäßigung; preisnachlass; vergünstigung; prozent; skonto; reduziert; günstiger; ermäßigt;
        billiger
    gutschein; gutscheincode; rabattcode; coupon; code; aktionscode; geschenkgutschein; geschenkkarte; voucher
    kostenlos; gratis; umsonst; kostenfrei; frei; ohne kosten; unentgeltlich; inklusive; enthalten; inbegriffen;
        kostet nichts; im preis
    enthalten; inklusive; inbegriffen; dabei; umfasst; beinhaltet; im preis; gehört dazu
    kaution; pfand; sicherheit; anzahlung; hinterlegen; sicherheitsleistung; vorgemerkt; blockiert; geblockt
    anzahlung; vorauszahlung; vorschuss; vorkasse
    student; studenten; schüler; studierende; lehrer
    versicherung; versichert; versichern; schutzpaket; schutz; abgesichert; schutzbrief; vollkasko; haftpflicht
    entschädigung; schadenersatz; schadensersatz; ausgleich; wiedergutmachung
    bestellung; bestellen; auftrag; kauf; einkauf; kaufen; gekauft; bestellt
    lieferung; versand; zustellung; liefern; verschicken; senden; schicken; zustellen; sendung; versenden; geliefert;
        zugestellt; ausliefern
    ~ lieferung; paket; bote; zusteller; post; dhl; kurier; porto; fracht; spedition
    paket; päckchen; sendung; lieferung; ware; karton
    kurier; bote; zusteller; paketbote; fahrer; postbote; paketdienst; spediteur
    verfolgen; sendungsverfolgung; tracking; wo ist mein; wo bleibt; sendungsnummer; unterwegs; paketverfolgung;
        nachverfolgen
    lieferzeit; lieferdauer; wie lange dauert; versanddauer; wann kommt; wann ist mein; wann wird geliefert
    angekommen; ankommen; da; eingetroffen; eintreffen; erhalten; kommt an
    nicht angekommen; verloren; nie erhalten; verschwunden; fehlt; nicht erhalten; verschollen; nicht da; verlust;
        abhanden; nicht bekommen; vermisst
    verlust; verlieren; verloren; diebstahl; gestohlen; geklaut; stehlen; abhanden; weg
    versandkosten; porto; lieferkosten; versand; liefergebühr
    express; eilig; schnell; schneller; dringend; am nächsten tag
    ausland; international; länder; land; europa; eu; grenze
    ~ land; schweiz; österreich; frankreich; italien; niederlande; belgien; polen; spanien; deutschland
    adresse; anschrift; lieferadresse; umgezogen; postleitzahl; umzug; straße
    ausverkauft; nicht verfügbar; verfügbar; lieferbar; vorrätig; auf lager; wieder da; lager; vergriffen
    abholen; abholung; selbst abholen; mitnehmen; holen; entgegennehmen; übergabe
    stornieren; storno; kündigen; absagen; widerrufen; abbestellen; stornierung; rückgängig; abbrechen; absage;
        annullieren; zurücktreten; rücktritt; beenden
    kündigen; kündigung; beenden; aufhören; vertrag beenden; kündigungsfrist; austreten; aussteigen
    widerruf; widerrufen; widerrufsrecht; zurücktreten
    ändern; änderung; umändern; anpassen; korrigieren; bearbeiten; tauschen; wechseln; umstellen; berichtigen;
        aktualisieren
    verschieben; umbuchen; verlegen; anderes datum; umbuchung; anderer termin; später
    falsch; fehler; irrtum; versehentlich; aus versehen; vertippt; verkehrt
    bestätigung; bestätigungsmail; bestellbestätigung; bestätigen; auftragsbestätigung; buchungsbestätigung
    größe; größer; kleiner; passt; passen; zu klein; zu groß; maße; abmessungen
    rückgabe; zurückgeben; zurückschicken; zurücksenden; rücksendung; retoure; zurückbringen; retournieren; abgeben;
        einsenden; zurücknehmen; wiederbringen; rückgaberecht; zurück
    umtausch; umtauschen; tauschen; austauschen; ersetzen; andere größe; ersatz; wechseln
    etikett; rücksendeetikett; label; retourenschein; aufkleber; retourenlabel
    kaputt; defekt; beschädigt; gebrochen; gerissen; zerbrochen; schaden; schäden; funktioniert nicht; geht nicht;
        mangel; fehlerhaft; zerrissen; beschädigung; riss; bricht; zerstört; kratzer; abgebrochen; loch; delle;
        beschädigen
    störung; ausfall; ausgefallen; problem; funktioniert nicht; geht nicht; nicht erreichbar; fehler; down
    problem; schwierigkeit; ärger; reklamation; beschwerde; reklamieren; beschweren; beanstanden
    garantie; gewährleistung; garantiezeit; garantieanspruch
    reparatur; reparieren; instandsetzen; flicken; reparaturen; werkstatt; beheben; richten
    ersatzteil; ersatzteile; teil
    gebraucht; benutzt; getragen; geöffnet; gebrauchsspuren; abnutzung; verschleiß; abgenutzt
    foto; bild; fotos; aufnahme
    waschen; reinigen; reinigung; säubern; putzen; waschmaschine; dreckig; schmutzig; verschmutzt; sauber; verdreckt
    anmelden; einloggen; login; zugang; registrieren; anmeldung; registrierung; einschreiben; log dich ein
    konto; account; kundenkonto; profil; benutzerkonto
    passwort; kennwort; zugangsdaten; pin; geheimzahl
    vergessen; verloren; weiß nicht mehr; fällt mir nicht ein
    gesperrt; blockiert; sperre; entsperren
    e-mail; mail; email; nachricht
    löschen; entfernen; schließen; löschung; auflösen
    konto löschen; konto schließen; konto kündigen; account löschen
    daten; datenschutz; dsgvo; personenbezogen
    newsletter; werbung; werbemail; rundbrief; abmelden; abbestellen
    benachrichtigung; benachrichtigen; bescheid; melden; informieren; meldung; meldungen
    telefon; anrufen; telefonisch; rufnummer; telefonnummer; hotline; anruf; handy; am telefon
    kontakt; erreichen; erreichbar; erreichbarkeit; hotline; kundenservice; support; kundendienst; sprechen; melden;
        ansprechpartner; service; anrufen
    öffnungszeiten; geöffnet; offen; öffnen; wann habt ihr auf; uhrzeit; erreichbar; sprechzeiten; geschlossen; zu;
        aufhaben
    wochenende; samstag; sonntag; sonntags; samstags; feiertag; feiertags
    laden; filiale; geschäft; shop; standort; niederlassung; verkaufsstelle; vor ort
    familie; haushalt; kinder; partner; mann; frau; ehepartner
    kind; kinder; baby; kleinkind; sohn; tochter; jugendliche
    mitglied; mitgliedschaft; abo; abonnement; vertrag; tarif
    verlängern; verlängerung; länger; weiter; ausdehnen; länger behalten; einen tag länger
    pausieren; pause; aussetzen; ruhen; unterbrechen
    vorteil; vorteile; leistung; leistungen
    gültig; gültigkeit; abgelaufen; läuft ab; verfallen; ablaufen
    frist; wie lange; zeitraum; bis wann; dauer; dauert; wie viele tage; laufzeit; #duration
    wann; um wie viel uhr; ab wann; bis wann; wie lange; uhrzeit; termin; #duration
    ~ wie viel; was kostet; wieviel; preis; kosten; #money
    monatlich; monat; pro monat
    jährlich; jahr; pro jahr
    verleih; leihen; ausleihen; mieten; miete; verleihen; vermieten; borgen; leihgebühr; entleihen; gemietet;
        geliehen; vermietung; mietpreis; mietweise; verleiht; leihe; mieter
    reservieren; reservierung; buchen; buchung; vorbestellen; vormerken; gebucht; reserviert; termin; vorbuchen; im
        voraus
    mitbringen; dabeihaben; mitnehmen; brauche; benötigen; vorlegen; vorzeigen; mit haben
    ausweis; personalausweis; pass; reisepass; perso; führerschein; identität
    verspätet; verspätung; zu spät; später; überziehen; nicht rechtzeitig; verspäten; verzögerung; nicht pünktlich;
        länger behalten
    vorher; im voraus; vorab; früher; schon; vortag; vorabend; zuvor
    alter; mindestalter; wie alt; ab 18; volljährig; minderjährig; jahre alt; ab welchem alter
    job; stelle; bewerben; arbeiten; praktikum; karriere
    beratung; beraten; empfehlen; empfehlung; welche
    schulung; kurs; webinar; seminar; einweisung; lehrgang; training; fortbildung; unterricht; einführung
    gruppe; gruppen; verein; klasse; schulklasse; mehrere personen
    bewertung; bewerten; rezension; feedback
    notfall; unfall; dringend
    vegan; vegetarisch; allergie; diät; diätkost; glutenfrei; laktose; unverträglichkeit
    rollstuhl; barrierefrei; behinderung; gehbehindert; treppe; aufzug; stufenlos
    hund; hunde; haustier; haustiere; tier; tiere; katze; vierbeiner
    parken; parkplatz; auto abstellen; stellplatz; abstellen; garage; parkhaus; parkplätze
    auto; wagen; pkw; fahrzeug
    reise; urlaub; fahrt; tour; trip
    hafen; anleger; pier; kai; anlegestelle
    schiff; boot; dampfer; an bord; bord; aufs schiff
    einschiffung; an bord gehen; aufs schiff; einsteigen; boarding; einchecken
    kabine; zimmer; koje; unterkunft
    einzelreisende; allein; alleine; einzelkabine; einzelzimmer; für mich allein; alleinreisend; single
    balkon; terrasse
    ausflug; ausflüge; landausflug; landausflüge; exkursion; besichtigung; führung
    essen; verpflegung; mahlzeit; mahlzeiten; vollpension; halbpension; frühstück; abendessen; mittagessen;
        restaurant; küche
    getränk; getränke; trinken; getränkepaket; wein; bier; kaffee
    kleidung; anziehen; kleiden; kleiderordnung; dresscode; anzug; tragen; garderobe
    internet; wlan; wifi; online; netz; verbindung
    handtuch; handtücher; föhn; haartrockner; bettwäsche
    flug; fliegen; flugzeug; flüge
    gepäck; koffer; tasche; handgepäck
    bahn; zug; bahnhof; fahrkarte
    bus; shuttle; transfer
    wetter; hochwasser; sturm; regen; schnee; unwetter
    ausfallen; fällt aus; abgesagt; entfällt; findet nicht statt; ausfall
    wartung; wartungsarbeiten; pflege; update; instandhaltung; inspektion
    ankündigen; vorher sagen; informiert; bescheid
    herunterladen; download; runterladen; speichern
    app; anwendung; programm; software
    sprache; deutsch; englisch; türkisch; französisch; übersetzen
    artikel; produkt; ware; sache; ding; gegenstand
    ausrüstung; equipment; material; zeug; sachen; geräte
    anbieten; angebot; führen; sortiment
    teil; teilweise; hälfte
    person; personen; leute; mensch
    abend; abends; freitagabend; morgens; nachmittag; nachmittags; uhr
    tag; tage; täglich; tagespreis; pro tag; am tag
    dauern; dauert; dauer; zeit; stunden
    kostenvoranschlag; angebot; schätzung; voranschlag
    wochenende; freitag bis sonntag; samstag und sonntag; zwei tage
    tagespreis; pro tag; am tag; tag; täglich; mietpreis; leihpreis
    verlieren; verloren; verlust; abhandengekommen; weg; verlegt; liegen gelassen
    diebstahl; gestohlen; geklaut; stehlen; dieb; entwendet
    zurück; zurückgeben; zurückbringen; rückgabe; abgeben; wieder abgeben; retour
    früher; eher; am vortag; vorher; schon; vorab; am abend vorher; tag davor
    angebot; sortiment; welche; was gibt es; was kann man; auswahl; verfügbar
    haften; haftung; verantwortlich; schuld; aufkommen; ersetzen; schadenersatz; selbst zahlen; übernehmen
    gewicht; schwer; kilo; kg; wiegt
    maße; länge; breite; höhe; größe; wie groß
    sicherheit; hygiene; sicher; sauber
    stadt; ort; filiale; standort; wo
    zurückbekommen; zurückerhalten; freigegeben; wieder frei; wiederbekommen; ausgezahlt
    wert; zeitwert; neupreis; neuwert; kaufpreis
    höchstens; maximal; bis zu; mehr als; obergrenze
    mindestens; wenigstens; ab; minimum
    abgeben; einreichen; abliefern; hinbringen
    ausfüllen; eintragen; formular; eingeben
    übernehmen; aufkommen; bezahlt; trägt; haften; haftung
    kaputt; kaputtgehen; kaputtgegangen; kaputtgeht; kaputt gemacht; reißt; reißen; eingerissen; bricht; zerbricht;
        verbogen; beschädigt; schaden; schäden; demoliert; ramponiert; zerkratzt; hinüber; im eimer; defekt; stange
        gebrochen; loch; gebrochen; brechen
    schutzpaket; versichern; versicherung; absichern; absicherung; abgesichert; versichert; schutz; schadensfall;
        zusatzschutz
    verloren; verlieren; verliere; liegen lassen; vergessen; geklaut; gestohlen; klauen; wegkommt; abhanden; verlust;
        diebstahl; weggekommen
    zurückbringen; wiederbringen; zurückgeben; rückgabe; wieder da sein; wieder bei euch; abgeben; zurück sein;
        retour; zurück; wieder abgeben; rückgabezeit; abgabe
    zu spät; verspätet; verspäten; verspätung; einen tag später; später zurückbringen; länger brauchen; länger
        behalten; überziehen; nicht schaffen; stau; verlängern; nachzahlen; nachzahlung; verlängerung; tag länger; tag
        dranhängen
    früher; vorabend; am vortag; abend vorher; tag vorher; freitagabend; vortag; abholen; abholung; ab wann
    spontan; vorbeikommen; ohne reservierung; reservieren; vorher buchen; anmelden; einfach kommen; kurzfristig;
        reservierung; vorbestellen; im voraus; online buchen; buchen; sichern; zurücklegen
    mitbringen; ausweis; vorzeigen; unterlagen; dokumente; papiere; was brauche ich; benötige; ausweisen; dabei haben;
        identitätskarte; führerschein
    volljährig; alt; alter; jahre; mindestalter; jugendlicher; minderjährig; sechzehn; siebzehn; ab 18; erwachsen
    kosten; kostet; preis; preise; pro tag; am tag; wochenendpreis; wochenpreis; tarif; gebühr; leihgebühr; mietpreis;
        zahlt man; zahle ich; kostenpunkt; wie teuer; teuer
    rabatt; nachlass; billiger; günstiger; preisnachlass; ermäßigung; ermäßigt; vergünstigung; ganze woche;
        wochenrabatt; prozent; mehrere tage; längere; staffelpreis; wochenmiete
    kaution; pfand; hinterlegen; sicherheit; blockiert; geblockt; gesperrt; abgebucht; reserviert; vorgemerkt;
        einbehalten; sicherheitsleistung
    freigegeben; zurück; wieder frei; zurückbekommen; rückerstattet; gutgeschrieben; zurückgebucht; freigabe; wieder
        auf dem konto; bekomme ich zurück
    verleiht; verleihen; verleih; ausleihen; leihen; mieten; vermietet; habt ihr; gibt es bei euch; zu leihen; zur
        miete; im angebot; bietet ihr; kann man bei euch; leihweise; zum ausleihen; borgen; leihgeräte; mietsachen;
        leihsachen; ausrüstung
    trage; kindertrage; kraxe; rückentrage; babytrage
    lawinenset; lawinenausrüstung; lvs; lvs-gerät; sonde; schaufel; lawine; piepser
    klettersteigset; klettersteig; klettersteigausrüstung
    schneeschuhe; schneeschuh; schneeschuhtour
    zelt; leihzelt; mietzelt; zelte
    schlafsack; schlafsäcke; penntüte
    seil; kletterseil; kletterseile; seile
    schuhe; schuh; wanderschuhe; bergschuhe; stiefel; kletterschuhe
    filiale; laden; standort; geschäft; stadt; wo; welcher laden; welche filiale; ort; niederlassung; münchen;
        innsbruck; freiburg; dresden
    gebrauchsspuren; abnutzung; kratzer; schmutz; dreckig; verschmutzt; schlamm; spuren; flecken; normal abgenutzt
    reparatur; reparieren; reparaturkosten; zahlen; bezahlen; übernehmen; aufkommen; haften; ersetzen; aus eigener
        tasche; wer zahlt; wer bezahlt
    woche; sieben tage; mehrere tage; tage; tag; ab dem
    wochenende; zwei tage; samstag bis sonntag; freitag bis sonntag; von freitag bis; tage; tag
    darf er; darf sie; mein sohn; meine tochter; jahre alt; alter; jahren; ab 18; minderjährig; selbst ausleihen; auf
        seinen namen; erwachsener
    dort zurückbringen; woanders zurückgeben; andere filiale; anderer laden; derselben filiale; gleichen filiale;
        andere stadt
    zu bruch; bruch; bricht; kaputt; schaden; stange; reparatur; passiert; malheur; missgeschick
    wie hoch; höhe; betrag; wie viel; euro; #money
    kratzer; steine; spuren; gebrauchsspuren; abnutzung; schrammen; schramme
    bescheid sagen; bescheid; anrufen; anruf; melden; telefonieren; durchgeben
    länger bleiben; noch zwei tage; einen tag länger; dranhängen; verlängern; länger behalten; verlängerung
    holen; abholen; abholung; mitnehmen; in empfang nehmen; bereitliegen; bereit
    wie lange im voraus; spätestens; vorher; tage vorher; im voraus; frühzeitig; vorlauf; kurzfristig
    hinterlegen; kaution; sicherheit; einbehalten; vormerken; karte
    kraxe; trage; kindertrage; rückentrage
    geld; zahlen; bezahlen; kosten; preis; teuer
    stehlen; geklaut; gestohlen; diebstahl; entwendet; aufgebrochen; verloren
    irgendwo; wo; filiale; geschäft; laden; welchem geschäft
    in der stadt; stadt; filiale; hier; vor ort; standort; wohne in; bei mir
    früh; in aller früh; frühmorgens; am vortag; vorabend; vortag; abend davor
    einen tag mehr; tag mehr; berechnet; ohne aufpreis; extra tag; zusätzlicher tag; zahlen; anrechnen
    wie alt; alter; ab 18 jahren; jahre; mindestalter; personen ab; volljährig
    zurückgebracht; rückgabe; zurückbringen; abgegeben; zurückgegeben
    was kostet das; kosten; preis; berechnen; tagespreis; zahlen; aufschlag; zuschlag
    noch zwei tage; noch einen tag; verlängern; länger; behalten; verlängerung
    reicht ein anruf; anruf; anrufen; anruft; telefonisch; kurz anrufen
    startet; beginnt; mietbeginn; losgehen; anfang; beginn; start
    gestohlen; stehlen; diebstahl; gestohlen wird; geklaut; verlust
    wie lange vorher; wie viele tage vorher; spätestens; vorher; tage vorher; bis spätestens
    pünktlich; rechtzeitig; zu spät; nicht mehr pünktlich; verspätet; schaffen es nicht; nicht schaffen; schaffen es
        heute nicht; stau
    kostet das extra; aufpreis; berechnen; tagespreis; extra; zuschlag; mehrkosten
    was nehmt ihr; nehmt ihr; kostet; kosten; preis; verlangt ihr; berechnet ihr; wie teuer; pro tag; am tag
    zwei tage später; später bringen; später; verspätet; zu spät; rückgabe; später zurück; angefangenen tag; danach
    wieder abgeben; abgeben; rückgabe; derselben filiale; zurückgeben; woanders; dort abgeben
    was kommt auf uns zu; kommt auf uns zu; kosten; zahlen; fällig; zeitwert; haften
    reicht es; genügt; spätestens; rechtzeitig; tage vor; früh genug
    buche; buchen; reservieren; reserviere; reservierung; bestelle
    darf er; darf sie; ab 18; alter; selbst mieten; alleine mieten; personen ab; mieten können
    auto; wagen; aus dem auto; fahrzeug
    funke; feuer; loch; brandloch; geflogen; schaden; reparatur; verbrannt; angesengt
    komplett ersetzen; ersetzen; zeitwert; neu bezahlen; ersatz; haften; bezahlen müssen
    campingplatz; gestohlen; diebstahl; geklaut; weg
    gibts den verleih; verleih; vermietung; gibt es den verleih; kein verleih; verleihen
    tag extra; extra tag; berechnet; zusätzlich zahlen; tag mehr; ohne dass
    in aller früh; früh; vorabend; abend; vortag; freitagabend
"""
"""One group a line, as in the English list."""

LIGHT = """
    abend abends aktuell allerdings alles andere anderen anderer anders angeblich anscheinend bald beide beim beispiel
    bekomme bekommen bekommt bereits bescheid besonders besser bestimmt bieten bietet brauche brauchen braucht bruder
    dabei dachte daher damit danach danke daran darf dass davon dazu denke denn drei dringend dürfen eben echt
    eigentlich einfach einmal erst etwa etwas euch euer eure eurem euren eurer extra falls familie fast finde finden
    findet frage fragen frau freitag freund freundin früh fünf fürs ganz ganze geben gehen geht gemacht genau genug
    gerade gern gerne gesehen gestern gibt glaube gleich gut gute guten heute hier hilfe hoffe ihnen immer irgendwie
    jahr jahre jeden jedes jemand junge kann klappt kommen kommt kurz könnt könnten lange langsam lassen leider letzte
    letzten letzter leute liebe liebes mache machen macht mal manchmal mann mehrere meint mensch mindestens minuten
    mittwoch monat monate montag morgen mutter möchten möglich möglichkeit müssen müsste nachmittag natürlich nein
    nichts nie niemand nochmal nutzen nächste nächsten oft ort paar passiert plötzlich problem sache sachen sagen sagt
    samstag schnell schwester sechs sehen seit selbst sicher sofort sohn soll sollen sollte sonntag sonst spät später
    statt stelle stunde stunden tag tage tagen tochter total trotz ums unbedingt ungefähr unsere unserem unseren
    unserer vater viel viele vielen vielleicht vier vormittag warte warten weg wegen weiter weiß wem wen wenig weniger
    wer wirklich wissen woche wochen wochenende wollen wollte würde würden zeit ziemlich zuerst zurzeit zusammen zwar
    zwei überhaupt übers
"""
"""Words that tell a story around the question more often than they say what it is about."""

GOODS = """
    artikel bett brille buch fahrrad fernseher gerät hemd herd hose hut jacke kamera kanne kleid kühlschrank lampe
    laptop mantel maschine matratze messer mütze ofen pfanne pullover regal rock rucksack sachen schal schlafsack
    schrank schuh schuhe seil sessel sofa spiegel stange staubsauger stiefel stuhl tasche teppich tisch toaster topf
    uhr vase waschmaschine zelt
"""
"""Things people buy or hire, as in the English list."""
