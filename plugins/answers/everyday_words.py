"""Words of every kind of text: where no file has such a word, it seldom is what a question is about."""

from __future__ import annotations

EVERYDAY = {
    "en": """
        above accept accepted accountant act add admit adult advance afterwards agree aim alps amongst annoyed answer
        anybody anyhow anytime appear apply area arm arrange arrived article asap aside attempt attend aunt autumn
        average avoid back base basic basically bear beat begin beginning begins begun behind being below berlin
        beside besides bet beyond body boss brief bring brings bro brought btw building by campfire cant carried catch
        caught cheers choice clever click cold colleague cologne comfirmation common company condition contain
        continue convenient cope corner cos coworker cross current currently cuz delighted depend depends desired
        despite develop didnt differ difference discover discuss doable doesnt dont door doubt down drowning dude due
        dunno during ease easily effect effort em empty encounter entirely essential etc even event eventually except
        exist exists experience extremely face fairly fall familiar fear fiance fiancé fiancée fill find finish
        finished firm flatmate force forgot former forth fortnight frankfurt further future fyi gain generally giving
        goal gonna gotta grab gran granddaughter grandparents grandson granny great ground grow hamburg hang happily
        havent head heavy hiya hmm hot however hubby huge hundred id ideal ignore im imagine in-laws inch increase
        indeed information intend into introduce involve isnt ive jump key kill kinda knock known lads laid larger
        largest lay leipzig lemme length let level lie located lol london luck mad madrid major mate maximum meanwhile
        medium middle might mind minimum missus modern month-old most move movement multiple nan nana nearest
        necessarily neighbour nepal net nevertheless newest none noon nope nowadays obtain obvious obviously occasion
        occur offer offers official oh once onto opposite otherwise overall pair pardon parents paris past path per
        pieces ping plain pleasant plenty pls plz popular position preferably prepare presence prevent principle prior
        profit promise provide provided ps puppy purpose quiet ran rarely read reading reality recieved recommend
        refer rely remain remains remark remember remind require required requirement requires rid rome roommate
        running runs satisfied scout scouts search second secondly seek select send sense separately serious seriously
        silly similar site size slight slightly slow slowly solid solution solve sorta specific spell sponge spring
        stand star steady stepson straight strange strong structure struggle stuttgart succeed success such sufficient
        suggest suitable sum summer summers surprise swears takes taking talking teenager tend terms therefore thick
        thin third thirty though thousand throw thru thx tired total toward towards town treasurer tricky trip trough
        truth twelve twenty unable uncle unlike upper user valuable via vienna visiting wanna webpage website weekday
        welcome whats whenever wherever whilst win winter winters wise wont wow writes writing wrote ya yep yours
        zurich
    """,
    "de": """
        achten allein allgemein anfang anfangen angebot angenehm angst anhalten annehmen ansehen ansonsten art auch
        aufhören aufpassen augenblick auswählen außen außer außerdem außerhalb bedeuten bedeutet beginn beginnen
        beginnt behalten bekannt bekanntlich beschreiben bestehen besten betreffen bezüglich bisschen bissl bitten
        bleiben bleibt breit brenner bringt bzw cousin cousine dafür dagegen daneben dann darauf darum darüber
        dazwischen dennoch derzeit deshalb deswegen deutlich dick dienen dinge direkt dort drauf drehen dritte dumm
        dunkel durch durchführen dünn ebenfalls ebenso eh ehe eher eilig einander eingeben einige einigermaßen einpaar
        einzeln einziger eltern empfehlen ende enden endgültig endlich enkel enkelin entscheiden entschieden
        entsprechend entweder erfahren erhalte erklären erledigen ermöglichen erreichen erscheinen erwarten erwartet
        erzählen etliche evtl fehlen feststellen feststellt folgen folgend folgende fort fortsetzen freuen froh fällt
        gar gefallen gefällt gegeben gegen gegenüber gehören gehört gekommen gelaufen gelegen gelegentlich gelten
        gemeinsam gemeint genannt genauso genommen gesagt gesamte geschehen gestellt gewesen gewiss geworden
        gewöhnlich ggf gilt ging gleichzeitig glücklich greifen groß große großen grund grundsätzlich größer grüezi
        hab habt halb halbe halt halten handeln hast haupt hause heißt her heraus herausfinden herr hin hinaus hinten
        hinter hinterher hinzu hoch hohe hält hätt hätte hätten hätts häufig höher ideal indem inklusive innen
        innerhalb insgesamt interessieren interessiert inzwischen irgend irgendein irgendwann irgendwas irgendwo
        jederzeit jedoch jeweils kaputtgeht kaum kennen kennt klar klein kleine kleinen kollege kollegin komisch
        komplett konkret kriege kriegen kriegt kumpel körper kümmern kürzlich lag lage laufen laut lebens legen leicht
        lg liegen liegt links lohnt los lust läuft machbar mama meinen meisten menge merken methode mfg mitbekommen
        mitgeben mitmachen mitte mitten mittlerweile moin nah nahe namen ne neben nebenbei neffe nehme nehmen nem nen
        neu neue neuen neues nimmt nix normal normalerweise notwendig nun nur nutzt nämlich nötig oben obwohl oma
        onkel opa ordnung papa person plus praktisch prinzip privat probieren problemlos punkt quasi rausgehen recht
        rechtzeitig reichen reicht reihe richtig ruhig rund runter schaffen schauen scheinen scheint schlecht
        schließlich schlimm schlimmer schlimmsten schonmal schwierig schön seine seinen selten servus sieht sinn
        sinnvoll sitzen sobald sofern sogar solange solch solche sonstige sorgen soweit sowie sowieso speziell stark
        stau steht stimmen stimmt ständig super tante tatsächlich teil teilen tollpatschig trotzdem tun tut umgehen
        unbekannt ungern unklar unklarheit unten unter unterschied unterwegs usw verlangen vermeiden vermutlich
        verschieden verschiedene versprechen verstehen versteht versuchen versucht verwenden verzichten vg voll voran
        voraus vorbei vorbeikommen vorgehen vorhaben vorhanden vorher vorkommen vorn vorne vorschlag vorschlagen
        vorstellen völlig wahrscheinlich warum weitergehen weiterhin wenden wenigstens werd wichtig wieso wird wirkt
        wo woanders wobei wodurch wofür woher wohin wohl woran worauf worden wunsch während wär wäre wären wünschen zb
        zeigt zudem zufrieden zufällig zuhause zukunft zuletzt zumindest zunächst zurecht zuvor zwecks zweite zweiten
        zwischen ähnlich übrig übrigens
    """,
}
"""Inflected forms count as the words themselves, as they share a stem."""
