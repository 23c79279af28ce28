"""Words of every kind of text: where no file has such a word, it seldom is what a question is about."""

from __future__ import annotations

EVERYDAY = {
    "en": """
        above accept accepted accidental accountant act actual actually add admit adult advance afterwards agree aim
        allow alps amongst annoyed answer anybody anyhow anytime appear apply area arm arrange arrived article asap
        aside attempt attend aunt autumn average avoid away back base basic basically bear beat begin beginning begins
        begun behind being below berlin beside besides bet beyond bit body boss boy brief bring brings bro brought btw
        building by campfire cant carried catch caught certain cheers choice clearly clever click close cold colleague
        cologne comfirmation common company complete completed condition consider contain continue convenient cope
        corner cos couple coworker cross current currently customer cuz delighted depend depends desired despite
        develop didnt differ difference direct discover discuss doable doesnt dont door doubt down drowning dude due
        dunno during ease easily effect effort em empty encounter end ended ending entirely essential etc even event
        eventually ever everyone except exist exists expected experience extremely face fairly fall familiar father
        fear fiance fiancé fiancée fill final find finish finished firm first flatmate follow following force forgot
        former forth fortnight frankfurt further future fyi gain generally giving glad goal goes gone gonna gotta grab
        gran granddaughter grandparents grandson granny great ground grow guess guessing guys hamburg hang happily
        hardly havent head heavy high hiya hmm home hope hot however hubby huge hundred id idea ideal ignore im
        imagine in-laws inch include increase indeed information inside instead intend into introduce involve isnt ive
        jump kept key kill kinda kindness knock known lads laid larger largest lately lay leave leaving leipzig lemme
        length let level lie located lol london look lot love luck mad madrid mainly major mate matters maximum
        meanwhile medium mention middle might mind minimum missus modern moment monday month-old monthly morning most
        move movement multiple nan nana near nearest necessarily neighbour nepal net nevertheless newest nicely none
        noon nope normal normally nowadays obtain obvious obviously occasion occur off offer offers official oh ok old
        once onto opposite others otherwise outside overall page pair pardon parents paris past path per pieces ping
        plain pleasant pleased plenty pls plz pointed popular position preferably prepare presence prevent principle
        prior probable profit promise proper provide provided ps puppy purpose putting quiet ran rarely read reading
        ready realise reality recently recieved recommend refer regard relation rely remain remains remark remember
        remind require required requirement requires rid rome roommate running runs sadly satisfied scout scouts
        search second secondly seek seem select send sense separately serious seriously setting silly similar simple
        since single sit site size slight slightly slow slowly solid solution solve sort sorta sorted specific spell
        sponge spring stand star starts steady stepson straight strange strong structure struggle stuttgart succeed
        success such sudden sufficient suggest suitable sum summer summers surely surprise swears takes taking talking
        teenager ten tend terms thanks therefore thick thin third thirty though thousand throw thru thx till tired
        today today's total toward towards town treasurer tricky tried trip trough truth twelve twenty unable uncle
        unlike upper user usual valuable via vienna visiting wanna webpage website week's weekday welcome whats
        whenever wherever whilst win winter winters wise wonderful wont wow writes writing wrote ya yep yes yours
        zurich
    """,
    "de": """
        achten allein allgemein anfang anfangen angeben angebot angenehm angst anhalten annehmen ansehen ansonsten art
        auch aufhören aufpassen augenblick auswählen außen außer außerdem außerhalb bedeuten bedeutet beginn beginnen
        beginnt behalten bekannt bekanntlich beschreiben bestehen besten betreffen bezüglich bisschen bissl bitten
        bleiben bleibt breit brenner bringt bräuchte bräuchten bzw cousin cousine dafür dagegen danach daneben dann
        darauf darf darum darüber dazwischen dennoch derzeit deshalb deswegen deutlich dick dienen dinge direkt dort
        drauf drehen dringend dritte dumm dunkel durch durchführen dünn ebenfalls ebenso eh ehe eher eilig einander
        eingeben einige einigermaßen einpaar einzeln einziger eltern empfehlen ende enden endgültig endlich enkel
        enkelin entscheiden entschieden entsprechend entweder erfahren erhalte erklären erledigen ermöglichen
        erreichen erscheinen erst erste ersten erwarten erwartet erzählen etliche evtl fall fehlen feststellen
        feststellt folgen folgend folgende fort fortsetzen freuen freunde froh früher fällt für gar gefallen gefällt
        gegeben gegen gegenüber gehts gehören gehört gekommen gelaufen gelegen gelegentlich gelten gemeinsam gemeint
        genannt genauso genommen gesagt gesamte geschehen gestellt gewesen gewiss geworden gewöhnlich ggf gibts gilt
        ging glauben gleichen gleichzeitig glücklich greifen groß große großen grund grundsätzlich größer grüezi hab
        habt halb halbe halt halten handeln hast haupt hause heißt her heraus herausfinden herr heute hin hinaus
        hinten hinter hinterher hinzu hoch hohe hält hätt hätte hätten hätts häufig höher ideal indem inklusive innen
        innerhalb insgesamt interessieren interessiert inzwischen irgend irgendein irgendwann irgendwas irgendwo jede
        jeder jederzeit jedoch jeweils kaputtgeht kaum kennen kennt klar klein kleine kleinen kollege kollegin komisch
        komme komplett konkret konnte konnten kriege kriegen kriegt kumpel körper kümmern kürzlich lag lage lange
        laufen laut lebens legen leicht leiden letztens lg lieber liegen liegt links lohnt los lust längere läuft
        machbar mache machen macht mal mama meinen meisten menge merken methode mfg minute mitbekommen mitgeben
        mitmachen mitte mitten mittlerweile moin morgens muss möchten müsste müssten nah nahe namen ne neben nebenbei
        neffe nehme nehmen nem nen neu neue neuen neues nichte nimmt nix normal normalerweise notwendig nun nur nutzt
        nächstes nämlich nötig oben obwohl oma onkel opa ordnung papa passiert person plus praktisch prinzip privat
        probieren problemlos punkt quasi rausgehen recht rechtzeitig reichen reicht reihe richtig ruhig rund runter
        sage schaffen schauen scheinen scheint schlecht schließlich schlimm schlimmer schlimmsten schnelle schonmal
        schwierig schön seine seinen selber selbst selten servus sicherlich sieht sinn sinnvoll sitzen sobald sofern
        sogar solange solch solche sonst sonstige sorgen soweit sowie sowieso speziell stark stau steht stellen
        stimmen stimmt ständig super tante tatsächlich teil teilen tollpatschig trotzdem tun tut umgehen unbekannt
        ungern unklar unklarheit unten unter unterschied unterwegs usw verlangen vermeiden vermutlich verschieden
        verschiedene versprechen verstehen versteht versuchen versucht verwenden verzichten vg voll voran voraus
        vorbei vorbeikommen vorgehen vorhaben vorhanden vorher vorkommen vorn vorne vorschlag vorschlagen vorstellen
        völlig wahrscheinlich warum weit weitere weiteren weitergehen weiterhin wenden wenigstens werd wichtig wieso
        wird wirkt wissen wo woanders wobei wodurch wofür woher wohin wohl woran worauf worden wunsch wurde wurden
        während wär wäre wären wünschen zb zeigt zudem zufrieden zufällig zuhause zukunft zuletzt zumindest zunächst
        zurecht zuvor zwecks zweite zweiten zwischen ähnlich öfter übrig übrigens
    """,
}
"""Inflected forms count as the words themselves, as they share a stem."""
