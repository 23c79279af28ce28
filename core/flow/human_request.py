"""Does a customer ask for a person? Tables of how fifteen languages ask and refuse, tried on each clause of a text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

LONGEST = 4000
"""Characters looked at: who wants a person says so first or last, and a pasted log must not cost time."""
_ENDING = 1500
"""How many of them are the last of a longer text."""


class _Language(NamedTuple):
    """How one language asks, as regular expressions over whole words without signs; accents are taken off before use.

    An entry goes on over several lines, which are joined without a space.
    """

    person: str
    """Whom one may speak to, with article: `{person}` in `asks`."""
    sure: str
    """Words that mean a person even where nothing is said of speaking ("I want ..."): `{sure}` in `asks`."""
    end: str
    """What may follow such a bare word, so that "a human" is told from "a human hair wig": `{end}` in `asks`."""
    asks: tuple[str, ...]
    alone: str
    """What asks as a whole sentence, with no more beside it than `_COURTESY`."""
    denied: str
    """What turns a request into its opposite when it stands right before it."""
    refused: str = r"(?!)"
    """The same, right behind it."""
    spaced: bool = True
    """Whether words are set apart by spaces."""


_GAP = r"(?: (?!(?:nicht|kein\w*|niet|geen)(?!\S))\S+){0,5}"
"""Up to five words that deny nothing: `{gap}` in `asks`."""

_COURTESY = r"""hi|hey|hello|ok|okay|yes|stop|just|an?|the|please|pls|plz|now|asap|thanks|thank you|i|want|need|hallo|
    ja|einen?|bitte|danke|jetzt|sofort|bonjour|oui|une?|s il vous plaît|s il te plaît|stp|svp|merci|hola|sí|un|
    por favor|gracias|ahora|ya|ciao|per favore|grazie|subito|olá|sim|uma?|obrigad[oa]|agora|een|graag|alsjeblieft|
    alstublieft|aub|nu|proszę|teraz|poproszę|merhaba|evet|bir|lütfen|hemen|من فضلك|لو سمحت|कृपया|请|пожалуйста"""
"""Words that change nothing."""

_NO = ("", "no", "nein", "non", "nao", "nee", "nie", "hayir", "нет", "不")
"""Before a comma they refuse what was offered, not what follows."""

_ELSE = r"""(?:user|travel|estate|insurance|cleaning|monitoring|ai) agents?(?: strings?| headers?)?|per person|
    agents? (?:fees?|commissions?|discounts?|seats?|licen[cs]es?|accounts?|versions?|logs?|api|of)|human (?:resources?|
    rights?|errors?|hair|readable|body|nature|trafficking|consumption)|(?:tour|mobile|network|logical) operators?|
    operators? (?:manual|licen[cs]e|precedence)|ressources humaines|droits humains|agents? (?:immobiliers?|de voyages?|
    d assurances?|de nettoyage|nettoyant)|(?:recursos|derechos|direitos) humanos|agentes? (?:inmobiliari[oa]s?|
    imobiliários?|de viajes?|de viagens|de seguros?|de usuario)|risorse umane|agenti? (?:immobiliar[ei]|di viaggio|
    di commercio)|operator[ei] (?:telefonic[oi]|turistic[oi]|mobile|di rete)|operadoras? d[eoa] \S+|
    agent\w* (?:nieruchomości|ubezpieczeniow\w+)|prawa człowieka|insan (?:kaynakları|hakları)\S*|人工智[能慧]"""
"""Where these words mean something else."""

_MISSPELT = {
    "human": "humen humman huamn humna hunan humam hooman humann",
    "person": "persn preson peson perosn persom",
    "agent": "agnet agemt aegnt agant",
    "representative": "represenative representitive representive representativ",
    "operator": "operater opperator opertor",
    "someone": "somone someon sumone",
    "speak": "speek spek",
    "talk": "tlak takl",
    "mitarbeiter": "mitarbeter mitabeiter mitarbieter",
    "menschen": "menchen mennschen mesnchen",
    "humain": "humian umain",
}
"""What becomes of the words asked with under hurried fingers."""

_LANGUAGES = {
    "en": _Language(
        person=r"""(?:(?:an?|the|your|any|some|another|one of your|member of|actual|live|real|human|proper|different|
            support|customer|service|care|sales|billing|technical) )*(?:humans?(?: beings?)?|persons?|agents?|
            operators?|people here|representatives?|reps?|advis[eo]rs?|colleagues?|supervisors?|managers?|someone|
            somebody|anyone|anybody|staff|employee|real people|customer (?:service|support|care)|support(?: team)?|
            specialist|technician)(?! (?:in|on|at|from) (?:my|our) )""",
        sure=r"""(?:(?:an?|the|some|any|your) )?(?:(?:(?:real|live|actual|proper|physical|human) )+(?:human|person|
            people|agent|operator|representative|rep|being|one|advis[eo]r|employee|someone)|(?:live|human) (?:help|
            support|assistance|interaction|contact|service|response)|humans?(?: beings?)?|(?:customer |service |
            support |care )*(?:operator|representative|rep)|(?:customer |service |support |care )+agent|(?:someone|
            somebody) (?:real|human))""",
        end=r"""(?=$| (?:please|pls|plz|now|asap|right|immediately|instead|here|there|today|urgently|not|and|on|for|
            about|regarding|over|rather|than|as|because|who|thanks|i|to (?:talk|speak|help|chat|call|contact|assist|
            look|answer|handle|deal|take|me|this|a|an))(?!\S))""",
        asks=(
            r"(?:talk|speak|chat) (?:directly |live |again |straight )?(?:to|with) {person}",
            r"(?:insist on|prefer|appreciate|demand|request) (?:talking|speaking|chatting) (?:to|with) {person}",
            r"(?:reach|contact|get through to|get hold of|in touch with) {sure}{end}",
            r"""(?:get through to|get hold of|(?:get|put)(?: me)? in (?:touch|contact) with) (?:someone|anyone|somebody|
                an agent|a person)""",
            r"""(?:connect|transfer|pass|switch|hand|forward|put|redirect|escalate|refer|patch|route) (?:me|us|it|
                this(?: chat| conversation| call| ticket| case| issue)?) (?:over |through |on |back )*(?:to|
                with) (?!(?:someone|somebody|another person)(?! (?:real|human|who|please|from|in support)| at [^m]|
                $)){person}""",
            r"""(?:be|get|being|getting) (?:transferred|connected|forwarded|put|escalated|passed|handed|switched|
                redirected) (?:over |through |on )*(?:to|with) {person}""",
            r"(?:helped|assisted|served|answered|handled|called|contacted) by {sure}{end}",
            r"""(?:want|wanna|need|prefer|demand|require|request|looking for|would like|d like|get me|give me|gimme|
                find me|send me|bring me|i ll take|i ll have|(?:can|may|could) i (?:please )?(?:have|get|
                see))(?: to have| to get| to see| now)? {sure}{end}""",
            r"""(?:want|need|get me|give me|demand|looking for|d like|would like|prefer) (?:an? |the |your |
                another )?(?:person|agent|advis[eo]r|supervisor|manager|colleague|employee){end}""",
            r"""(?:(?:get|give|find|send) me|gimme) (?:someone|somebody){end}|(?:need|want) (?:someone|
                somebody) to (?:talk|speak|chat)""",
            r"(?<!no )(?<!not )(?<!or ){sure} (?:please|pls|plz|now|asap|needed|required|wanted)",
            r"^(?:an? |the )?(?:person|agent|manager) (?:please|pls|plz|now|asap)",
            r"""(?:is|are) there (?:also |really |actually )?(?:{sure}(?:{end}| (?:available|around|online|at all|
                working|behind|we|that))|(?:an?|any) (?:agents?|person|colleague)(?: (?:here|there|available|around|
                online)))""",
            r"""any (?:real|actual|live|human) (?:people|person|humans?|one|body|agents?) (?:here|there|available|
                around)""",
            r"{person} (?:that |who |whom )?(?:i|we) (?:can|could|may) (?:please |actually )?(?:talk|speak|chat|turn)",
            r"who (?:can|could|may|do|should) i (?:talk|speak|chat) (?:to|with)",
            r"""(?:can|could|may|would|will|have|let|want|need|like) (?:an?|some|any|your|the|one of your) (?:(?:real|
                human|live|actual|support|service) )*(?:human|person|agent|representative|rep|operator|colleague|
                manager|supervisor|employee|specialist)s?(?: being)? (?:please |just |to )*(?:help|call|phone|ring|
                contact|answer|take over|take a look|look|assist|get back|get in touch|join|speak|talk|step in|reply|
                respond|jump in|deal|handle)""",
            r"""(?:can|could|would|will|have|let|want|need|ask|like) (?:someone|somebody|
                anyone)(?: from(?: \S+){1,2})? (?:please |to )*(?:call|phone|ring|contact|get in touch with|
                get back to) (?:me|us)""",
            r"""(?:don ?t|do not|not|refuse to|hate|tired of|sick of|stop|fed up with|done) (?:want |wanna |like |
                wish )?(?:to |be )*(?:talk|speak|chat|deal)(?:ing)? (?:to|with) (?:(?:an?|this|the|your|these|some|
                stupid|dumb|ai) )*(?:bots?|robots?|machines?|chatbots?|computers?|ai)""",
            r"(?:don ?t|do not) (?:want|need|like) (?:(?:an?|this|the|your|these|some|stupid|dumb) )*(?:chat ?)?bots?",
        ),
        alone=r"""(?:real |live |actual |human |support |customer |service )*(?:human(?: being)?|agent|operator|
            representative|rep|real person|live person)|(?:real |live )(?:people|support|human support)|human (?:help|
            support)|customer service|transfer me|(?:speak|talk) to (?:agent|human)""",
        denied=r"""(?:(?:(?:(?:do|does|did|would|wo|need|should|is|was)(?:n ?t| not)|not|never|no (?:need|reason|wish|
            desire|point|longer)|without|instead of|rather than|avoid|hate)(?: (?:really|even|actually|just|necessarily|
            want|wanna|want you|need|needed|wish|like|care|have|having|think (?:that )?(?:i|we)|necessary|to|be|get|for|
            a|any|the|ever|intend|plan|going))*)|(?:do|does|will|would) (?:i|we)(?: \S+)? (?:have|need) to|(?:must|
            should) (?:i|we)|(?:had|used|managed|(?:was|were) able) to|(?:i|we) (?:was|were|got)|(?:when|whenever|
            every time|each time|after|before) (?:i|we)|(?:customers?|users?|visitors?|clients?|they)(?: (?:can|could|
            will|to|wants?|would|like|needs?|may|able|be|who|must))*)""",
        refused=r"(?:is|was)(?: not|n ?t) (?:\S+ )?(?:necessary|needed|required)|is unnecessary",
    ),
    "de": _Language(
        person=r"""(?:(?:einem|einer|einen|eine|n|nem|ner|dem|der|den|die|ihrem|ihren|ihrer|eurem|eurer|euren|
            andere[nr]?|echte[nrm]?|richtige[nrm]?|reale[nrm]?|wirkliche[nrm]?|lebende[nr]?|menschliche[nrm]?|
            zuständigen?) )*(?:mensch(?:en)?|person(?:en)?|(?:(?:service|support|kundendienst) ?)?mitarbeiter(?:in|n)?|
            (?:kunden)?berater(?:in|n)?|kollegen?|kollegin|jemand(?:em|en)?|kundendienst|kundenservice|support|
            ansprechpartner(?:in)?|agent(?:en|in)?|vorgesetzten?|chef|team)""",
        sure=r"""(?:(?:einen|eine|ein|nen|nem|einem|mit einem|mit einer) )?(?:(?:(?:echte|richtige|reale|wirkliche|
            menschliche|lebende)[nrms]? )+(?:menschen?|person|mitarbeiter(?:in)?|berater(?:in)?|hilfe|unterstützung|
            kontakt|support|ansprechpartner(?:in)?|gegenüber)|menschen|mensch|ansprechpartner(?:in)?|(?:(?:service|
            support|kundendienst) ?)?mitarbeiter(?:in)?|(?:kunden)?berater(?:in)?|kollegen)""",
        end=r"""(?=$| (?:bitte|jetzt|sofort|sprechen|gesprochen|haben|statt|anstatt|und|der|die|am|zum|für|dran|ans|
            hier|als|wegen|kontaktieren|erreichen|reden|nicht)(?!\S))""",
        asks=(
            r"""(?:mit|zu|an) {person}{gap} (?:sprech\w+|reden?|schreiben|chatten|verbind\w+|verbunden|weiter\w+|
                telefonieren|unterhalten|kommunizieren|durchgestellt)(?! (?:habe|hatte)(?!\S))""",
            r"(?:sprechen|reden|chatten|telefonieren|spreche|rede)(?: ich| bitte| direkt| hier| wir)* mit {person}",
            r"""(?:verbinden?|verbindet|stellen?|leiten?|stellt|leitet|geben?|gebt|gib|
                übergeben)(?: sie)?(?: bitte| doch| mal)* (?:mich|uns|mir|das gespräch)
                (?: bitte| doch| mal| jetzt| direkt)* (?:mit|zu|an) {person}""",
            r"""(?:will|möchte|moechte|wünsche|brauche|hätte gern\w?|haette gern\w?|verlange|bevorzuge|geben sie mir|
                gib mir|holen sie mir|hol mir|bitte|lieber|sondern|benötige|wollen|
                möchten)(?: ich| wir| bitte| jetzt| lieber| endlich| nur| gern| mal)* {sure}{end}""",
            r"(?:mich|uns|mir)(?: \S+){0,2} (?:weiterleiten|verbinden|durchstellen)(?: bitte)? (?:mit|an|zu) {person}",
            r"(?:will|möchte|moechte|kann|muss)(?: ich| bitte| jetzt| lieber| endlich)* (?:zu|mit|an) {person}$",
            r"(?:jemanden|{sure}) (?:sprechen|ans telefon)",
            r"""(?:kann|könnte|soll|sollte|darf)(?: sich)?(?: mir| mich| uns| bitte| hier)* (?:(?:ein|eine|
                jemand) )?(?:echte[rn]? |richtige[rn]? |menschliche[rn]? )?(?:mensch|\w*mitarbeiter(?:in)?|
                berater(?:in)?|kollege|kollegin)(?: mir| mich| bitte| sich| hier| das)* (?:helfen|anrufen|zurückrufen|
                kontaktieren|melden|antworten|übernehmen)""",
            r"(?:kann|könnte|soll|sollte)(?: sich| mich| uns| bitte| jemand)* (?:anrufen|zurückrufen|bei mir melden)",
            r"gibt es (?:hier |auch |noch |bei ihnen )*{sure}(?:{end}| mit)",
            r"(?:echter?n?|richtiger?n?) (?:mensch(?:en)?|person|mitarbeiter) (?:bitte|jetzt)",
            r"(?:nicht|kein\w*)(?: \S+)? (?:mit|zu) (?:eine[mr] |nem |dem |der )?(?:\S+ )?(?:ro)?bot(?:er)?",
            r"(?:will|möchte|brauche) kein\w* (?:\S+ )?(?:(?:chat)?bot|roboter|maschine|ki)(?!\S)",
        ),
        alone=r"""(?:(?:echte|richtige|menschliche)[rns]? |support |service )*(?:mensch(?:en)?|mitarbeiter(?:in)?|
            kundenberater|kundendienst|ansprechpartner)|echte person|menschliche hilfe|mit (?:einem )?(?:menschen|
            mitarbeiter) sprechen""",
        denied=r"""(?:(?<!kann ich )(?<!könnte ich )(?:nicht|nie|niemals|ungern)|kein\w*|ohne|statt|anstatt)(?: (?:mehr|
            unbedingt|gern|gerne|wirklich|extra|erst|sie|mich|lust|direkt|zwingend|interesse|nötig|vor|daran|darauf))*|
            muss ich(?: \S+){0,2}|(?:kunden|nutzer|besucher)(?: \S+)?""",
        refused=r"""(?:(?:will|möchte|muss|brauche|müssen) (?:ich|wir) )?(?:gar |überhaupt |auch )?(?:nicht|nie)|
            zu müssen|(?:ist|wäre) (?:nicht|unnötig)\S*""",
    ),
    "fr": _Language(
        person=r"""(?:(?:une?|votre|vos|le|la|l|les|des|d|de|autre|vraie?|véritable|réelle?) )*(?:être humain|humaine?|
            personne(?: réelle| humaine| physique)?|conseillère?|agente?|opérateur|opératrice|quelqu un|responsable|
            superviseur|technicien|service client|interlocuteur|collaborateur|collègue|représentante?)""",
        sure=r"""(?:(?:une?|d une?|d) )?(?:(?:vraie?|véritable|réelle?) (?:être humain|humaine?|personne|conseillère?|
            agente?)|(?:être )?humaine?|personne (?:réelle|humaine|physique)|conseillère?|opérateur|opératrice|
            aide humaine|quelqu un de réel|interlocuteur(?: humain)?)""",
        end=r"""(?=$| (?:s il|svp|stp|merci|maintenant|tout|et|pas|pour|au|ici|qui|vite|rapidement|plutôt|à qui|
            immédiatement|de suite)(?!\S))""",
        asks=(
            r"""(?:parler|parle|discuter|échanger|communiquer|dialoguer|converser|chatter|tchatter) (?:directement |
                maintenant |enfin )?(?:à|avec|au) {person}""",
            r"(?:contacter|joindre|avoir) {sure}{end}",
            r"""(?:passez|passe|transférez|transfère|transferez|mettez|connectez|redirigez|orientez|dirigez) (?:moi|
                nous)(?: en contact| en relation| en communication)?(?: directement)?(?: à| avec| vers)? {person}""",
            r"""(?:me|nous) (?:passer|transférer|mettre|rediriger|connecter|orienter|
                diriger)(?: en contact| en relation)?(?: à| avec| vers)? {person}""",
            r"""être (?:mise?|transférée?|redirigée?|connectée?|rappelée?|contactée?|aidée?|
                orientée?)(?: en contact| en relation)?(?: à| avec| vers| par) {person}""",
            r"""(?:veux|voudrais|souhaite|aimerais|préfère|préférerais|besoin|exige|faut|donnez moi|
                demande)(?: voir| avoir| plutôt)? {sure}{end}""",
            r"{sure} (?:s il vous plaît|s il te plaît|svp|stp)",
            r"""(?:y a t il|il y a|est ce qu il y a|existe t il) (?:{sure}(?:{end}| (?:avec|disponible|derrière|là))|
                quelqu un (?:de réel|à qui parler))""",
            r"{person} (?:à|avec) qui (?:je (?:peux|puisse|pourrais) )?(?:parler|discuter|échanger)",
            r"""(?:(?:une?|votre) (?:conseillère?|agente?|humain|vraie personne|opérateur|collègue|
                responsable)) (?:peut|pourrait|puisse)(?: il| elle)? (?:me |m )?(?:rappeler|appeler|contacter|aider|
                répondre)""",
            r"quelqu un (?:peut|pourrait|puisse)(?: il)? (?:me |m )(?:rappeler|appeler|contacter)",
            r"que? (?:on|quelqu un|un \S+) (?:me|m) (?:rappelle|appelle|contacte|recontacte)",
            r"""(?:veux|souhaite|voudrais) pas (?:parler|discuter|échanger) (?:à|avec) (?:une? |votre |ce )?(?:robot|
                bot|machine|chatbot|ordinateur|ia)""",
        ),
        alone=r"""(?:vraie? )?(?:humaine?|être humain|conseillère?|agente?|opérateur|vraie personne|personne réelle|
            parler à (?:un humain|un conseiller|quelqu un|une personne))""",
        denied=r"""(?:(?<!peux )(?<!puis je )(?:pas|plus|jamais)|sans|plutôt que|au lieu|inutile|éviter)(?: (?:du tout|
            envie|besoin|nécessaire|à|de|d|devoir|avoir|forcément|vraiment|obligatoirement|que vous|être))*|(?:ne|
            n) (?:veux|souhaite|désire)(?: pas)?|dois je|faut il|(?:j|nous) (?:ai|avons) (?:du|pu)|(?:clients|
            utilisateurs|visiteurs)(?: \S+){0,2}""",
    ),
    "es": _Language(
        person=r"""(?:(?:una?|el|la|su|tu|algún|alguna?|otra|otro|verdader[oa]|auténtic[oa]) )*(?:persona
            (?: real| humana| de verdad| física)?|ser humano|humano|agente(?: humano| real)?|operadora?|representante|
            asesora?|alguien|supervisora?|encargad[oa]|gerente|empleado|ejecutiv[oa]|atención al cliente|soporte humano|
            responsable)""",
        sure=r"""(?:(?:una?|a una?|con una?|algún|alguna?) )?(?:persona (?:real|humana|de verdad|de carne y hueso)|
            persona|(?:ser )?humano|agente(?: humano| real)?|operadora?|asesora?|representante|ayuda humana|
            atención humana|alguien real)""",
        end=r"""(?=$| (?:por|ya|ahora|para (?:hablar|que)|y|no|que me|inmediatamente|aquí|gracias|de inmediato|
            con)(?!\S))""",
        asks=(
            r"""(?:hablar|chatear|comunicarme|comunicarse|contactar|conversar|platicar|charlar|hablo) (?:directamente |
                ya |ahora )?(?:con|a) {person}""",
            r"""(?:pás[ae]me|pasarme|comuníc[ae]me|comuníqueme|comunicarme|conéct[ae]me|conectarme|transfi[eé]r[ae]me|
                transferirme|deríve?[ae]?me|pón[gm]?a?me|pásenme|pasenme)(?: ya| por favor)? (?:con|a) {person}""",
            r"""me (?:pas[ae]s?|pasan|comuni(?:ca|que)s?|conect[ae]s?|transfi[eé]r[ae]s?|pued[ae]n? pasar|puedes pasar|
                puede comunicar|derive|ponga)(?: ya| por favor)? (?:con|a) {person}""",
            r"(?:quiero|necesito|quisiera|prefiero|exijo|deme|dame|busco|solicito|sino)(?: a| tener| ver)? {sure}{end}",
            r"{sure} por favor",
            r"""(?:hay|existe) (?:ahí |aquí )?(?:{sure}(?:{end}| (?:ahí|disponible|real))|alguien (?:real|con quien|
                con el que))""",
            r"{person} con (?:quien|quién|la que|el que) (?:pueda |puedo |pudiera )?(?:hablar|chatear|comunicarme)",
            r"(?:me|m) (?:atienda|llame|contacte|ayude|responda|atiende) (?:{sure}|alguien)",
            r"(?:pued[ae]|podría|pueden) (?:llamarme|contactarme|atenderme)(?: {sure}| alguien)",
            r"(?:alguien|{sure}) (?:pued[ae]|podría) (?:llamarme|contactarme|atenderme)",
            r"no (?:quiero|deseo) (?:hablar|chatear) con (?:una? |este |el )?(?:robot|bot|máquina|chatbot)",
        ),
        alone=r"""(?:ser )?humano|agente(?: humano| real)?|operadora?|asesora?|persona (?:real|humana)|representante|
            hablar con (?:un |una )?(?:persona|agente|asesor|humano|alguien|representante)|atención humana""",
        denied=r"""(?:no|nunca|sin|en vez de|en lugar de|evitar)(?: (?:quiero|necesito|deseo|hace falta|hay que|
            es necesario|quisiera|gustaría|me gustaría|tener que|tengo que|ganas de|hay|me|que))*|tuve que|pude|logré|
            (?:clientes|usuarios|visitantes)(?: \S+){0,2}""",
    ),
    "it": _Language(
        person=r"""(?:(?:una?|il|lo|la|l|vostro|qualche|altr[oa]|ver[oa]) )*(?:persona
            (?: reale| vera| umana| in carne e ossa)?|essere umano|umano|operatore(?: umano| reale)?|operatrice|
            agente(?: umano)?|qualcuno|responsabile|consulente|addett[oa]|supervisore|assistente umano|rappresentante|
            servizio clienti)""",
        sure=r"""(?:(?:una?|di una?|con una?|d) )?(?:persona (?:vera|reale|umana|in carne e ossa)|vera persona|persona|
            (?:essere )?umano|operatore(?: umano| reale)?|operatrice|consulente|assistenza umana|assistente umano|
            agente umano)""",
        end=r"(?=$| (?:per favore|per parlare|subito|adesso|ora|e|non|grazie|qui|con cui|che mi)(?!\S))",
        asks=(
            r"""(?:parlare|chattare|comunicare|conversare|discutere|parlo) (?:direttamente |subito |ora |
                finalmente )?(?:con|a|ad) {person}""",
            r"""(?:passatemi|passami|mi pass[aei]|mi passate|mi mett[ae]|mi (?:può|puoi|potete|potrebbe) (?:passare|
                mettere|trasferire|collegare)|mettimi|mettetemi|mi trasferi\w+|trasferitemi|trasferiscimi|collegatemi|
                mi colleg\w+|passarmi|trasferirmi|collegarmi|mettermi)(?: in contatto| in comunicazione)?
                (?: con| a| ad)? {person}""",
            r"""essere (?:mess[oa]|contattat[oa]|richiamat[oa]|trasferit[oa]|aiutat[oa]|
                assistit[oa])(?: in contatto)? (?:con|da|a|ad) {person}""",
            r"""(?:voglio|vorrei|preferisco|preferirei|ho bisogno|mi serve|esigo|pretendo|datemi|dammi|desidero|
                ma)(?: avere| piuttosto)? {sure}{end}""",
            r"{sure} per (?:favore|piacere)",
            r"""c è (?:una?|qualche)? ?(?:(?:persona|umano|operatore|qualcuno) (?:ver[oa]|reale|disponibile|con cui|
                qui)|operatore)""",
            r"{person} con cui (?:posso |poter |potrei |possa )?parlare",
            r"""(?:può|puo|potrebbe|possa) (?:chiamarmi|contattarmi|richiamarmi|aiutarmi) (?:un operatore|una persona|
                un umano|un consulente)|(?:un operatore|una persona vera|un consulente|un umano) (?:può|
                potrebbe) (?:chiamarmi|contattarmi|richiamarmi|aiutarmi|rispondermi)|(?:può|potrebbe) (?:chiamarmi|
                contattarmi|richiamarmi) qualcuno|qualcuno (?:può|potrebbe) (?:chiamarmi|contattarmi|richiamarmi)""",
            r"non (?:voglio|intendo) (?:parlare|chattare) con (?:una? |questo |il )?(?:robot|bot|macchina|chatbot)",
        ),
        alone=r"""(?:essere )?umano|operatore(?: umano)?|operatrice|agente(?: umano)?|persona (?:vera|reale)|
            vera persona|assistenza umana|parlare con (?:un operatore|una persona|qualcuno|un umano)""",
        denied=r"""(?:non|senza|invece di|piuttosto che|mai|evitare)(?: (?:voglio|vorrei|ho bisogno di|devo|serve|
            mi serve|desidero|è necessario|necessario|mi va di|intendo|dover|ho voglia di|c è bisogno di|ho bisogno))*|
            ho (?:dovuto|potuto)|(?:clienti|utenti|visitatori)(?: \S+){0,2}""",
    ),
    "pt": _Language(
        person=r"""(?:(?:uma?|o|a|seu|algum|alguma|outr[oa]|verdadeir[oa]) )*(?:pessoa
            (?: real| de verdade| humana| de carne e osso)?|ser humano|humano|atendente(?: humano| real)?|
            agente(?: humano)?|operadora?|alguém|supervisora?|gerente|representante|consultora?|funcionári[oa]|
            atendimento humano|responsável)""",
        sure=r"""(?:(?:uma?|de uma?|com uma?|algum|alguma?) )?(?:pessoa (?:real|de verdade|humana)|pessoa|
            (?:ser )?humano|atendente(?: humano| real)?|operadora?|atendimento humano|agente(?: humano| real)|
            ajuda humana|assistente humano)""",
        end=r"(?=$| (?:por favor|para (?:falar|me)|agora|já|e|não|que me|aqui|obrigad[oa]|urgente|com)(?!\S))",
        asks=(
            r"""(?:falar|conversar|falo|teclar|contactar|contatar) (?:diretamente |logo |agora |já )?(?:com|para|
                a) {person}""",
            r"""(?:me (?:transfira|transfere|transferir|passe|passa|passar|conect[ae]|conectar|encaminh[ae]|encaminhar|
                coloque|colocar|ligue|ligar)|(?:transfira|passe|ligue|conecte|encaminhe) me|(?:transferir|passar|
                conectar|ligar) me)(?: em contato| em contacto)? (?:com|para|a) {person}""",
            r"ser (?:atendid[oa]|transferid[oa]|ajudad[oa]|contactad[oa]) (?:por|para|com) {person}",
            r"""(?:quero|preciso|preciso de|gostaria de|prefiro|exijo|queria|solicito|desejo|
                mas sim)(?: ter| um contato com| ver)? {sure}{end}""",
            r"{sure} por favor",
            r"""(?:tem|há|existe) (?:aí |aqui )?(?:{sure} (?:aí|aqui|real|disponível|com quem|para falar|que)|
                alguém (?:real|com quem|para falar)|algum atendente)""",
            r"{person} com quem (?:eu )?(?:possa |posso )?(?:falar|conversar)",
            r"""(?:{sure}|alguém) (?:pode|poderia) (?:me ligar|ligar me|me contatar|me contactar|entrar em contato|
                entrar em contacto)|(?:um atendente|um humano|uma pessoa real) (?:pode|poderia) me (?:ajudar|atender|
                responder)""",
            r"não (?:quero|desejo) (?:falar|conversar) com (?:uma? |este |esse |o )?(?:robô|robot|bot|máquina|chatbot)",
        ),
        alone=r"""(?:ser )?humano|atendente(?: humano| real)?|agente(?: humano)?|operadora?|pessoa (?:real|de verdade)|
            atendimento humano|falar com (?:um |uma )?(?:atendente|pessoa|humano|alguém)""",
        denied=r"""(?:não|nunca|sem|em vez de|ao invés de|evitar)(?: (?:quero|preciso|preciso de|desejo|gostaria de|
            é necessário|é preciso|precisa|precisar|ter que|ter de|tenho que|estou a fim de|me|há necessidade de))*|
            tive que|consegui|(?:clientes|usuários|visitantes|utilizadores)(?: \S+){0,2}""",
    ),
    "nl": _Language(
        person=r"""(?:(?:een|n|de|uw|jullie|je|ander|andere|echte?|menselijke?|levende?) )*(?:mens(?:en)?|persoon|
            \w*medewerk(?:er|ster)|iemand|collega|agent|klantenservice|helpdesk|leidinggevende|manager|adviseur|
            supervisor)""",
        sure=r"""(?:(?:een|n) )?(?:(?:echte?|menselijke?|levende?) (?:mens|persoon|\w*medewerk(?:er|ster)|hulp|contact)|
            mens|\w*medewerk(?:er|ster)|menselijk contact|iemand echt)""",
        end=r"""(?=$| (?:graag|nodig|spreken|aan|alsjeblieft|alstublieft|aub|nu|in plaats|en|die|hier|geen|te spreken|
            om mee|voor)(?!\S))""",
        asks=(
            r"""(?:met|naar|aan) {person}{gap} (?:spreken|praten|chatten|doorverbinden|doorverbonden|bellen|overleggen|
                doorgestuurd|communiceren)""",
            r"""(?:spreken|praten|chatten|praat|spreek|contact|verbonden|gesprek|doorverbinden|
                overleggen)(?: ik| direct)* met {person}""",
            r"""(?:verbind|schakel|zet|stuur)(?: u| je)? (?:me|mij|ons|dit)(?: door| alstublieft| even| nu)* (?:met|
                naar) {person}""",
            r"(?:iemand|{sure})(?: \S+){0,2} (?:te )?(?:spreken|aan de lijn|aan de telefoon)",
            r"""(?:wil|wens|heb|geef mij|geef me|liever|graag|eis|verlang|maar|
                zoek)(?: ik| graag| nu| liever| alleen| gewoon| even)* {sure}{end}""",
            r"{sure} (?:graag|alsjeblieft|alstublieft|aub)",
            r"(?:is|zijn) er (?:hier |ook |misschien )*{sure}(?:{end}| (?:met|waarmee|aanwezig|beschikbaar))",
            r"(?:{sure}|iemand) (?:met wie|waarmee|waar) ik (?:mee )?(?:kan|mag) (?:praten|spreken|chatten)",
            r"""(?:kan|zou|mag) (?:een|n) (?:echte )?(?:\w*medewerk(?:er|ster)|mens|collega|persoon) (?:mij|me|dit|even|
                alstublieft)?(?: \S+)? ?(?:helpen|bellen|terugbellen|antwoorden|overnemen|contacteren)""",
            r"(?:kan|wil|zou) iemand (?:mij|me|ons) (?:\S+ )?(?:bellen|terugbellen)",
            r"""niet met (?:een |die |deze |uw )?(?:ro)?bot (?:praten|chatten|spreken)|(?:wil|
                wens) geen (?:chat)?(?:ro)?bot""",
        ),
        alone=r"""(?:echte? )?(?:mens|medewerk(?:er|ster)|persoon)|klantenservice medewerker|menselijk contact|
            (?:met een )?(?:medewerker|mens) spreken""",
        denied=r"""(?:(?<!kan ik )niet|geen|zonder|nooit|in plaats van)(?: (?:per se|echt|meer|meteen|te|hoeven|eerst|
            graag|direct|zin om|behoefte aan|nodig om|met|een))*|moet ik(?: \S+)?|(?:klanten|gebruikers|
            bezoekers)(?: \S+)?""",
        refused=r"(?:wil|hoef|wens) (?:ik|we) (?:echt |ook )?niet|is niet nodig|hoeft niet|te hoeven|niet",
    ),
    "pl": _Language(
        person=r"""(?:(?:żyw\w+|prawdziw\w+|inn\w+|jakim\S*|wasz\w+|państwa) )*(?:człowiek(?:iem|a)?|konsultant(?:em|a|
            k\w+)?|pracownik(?:iem|a)?|osob[aąeęy]|agent(?:em|a)?|kimś|doradc[aąęy]|operator(?:em|a)?|
            przedstawiciel(?:em|a)?|kierownik(?:iem|a)?|przełożonym|obsługą klienta)""",
        sure=r"""(?:(?:żyw\w+|prawdziw\w+) )*(?:człowieka?|konsultant(?:a|k[aiię])?|pracownika|doradc[aęy])|
            (?:żyw[aąeęy]|prawdziw[aąeęy]) osob[aąęy]|kontakt(?:u)? z {person}|rozmow[aęy] z {person}|
            połączeni[ae] z {person}""",
        end=r"(?=$| (?:proszę|teraz|natychmiast|a|nie|i|zamiast|tutaj|który|do rozmowy|od|w sprawie)(?!\S))",
        asks=(
            r"""(?:rozmawiać|porozmawiać|pogadać|połączyć|skontaktować|czatować|pisać|mówić|pomówić|rozmowę|
                rozmowa)(?: się| mnie| teraz| bezpośrednio| proszę)* z {person}""",
            r"z {person}(?: \S+){0,2} (?:rozmawiać|porozmawiać|pogadać)",
            r"""(?:połącz(?:cie|yć)?|przełącz(?:cie|yć)?|przekieruj(?:cie)?|przekaż(?:cie)?|
                przekierować)(?: mnie| nas| proszę| to)* (?:z|do|na) {person}""",
            r"""(?:chcę|chciałbym|chciałabym|potrzebuję|proszę o|poproszę|poproszę o|wolę|dajcie mi|
                żądam)(?: teraz)? (?:{sure}){end}""",
            r"(?:czy )?jest (?:tu|tutaj|tam) (?:jakiś |jakaś |żywy |prawdziwy )*(?:człowiek|konsultant|pracownik)",
            r"""(?:czy )?(?:może|mógłby|niech) (?:do mnie |ze mną )?(?:zadzwonić |zadzwoni |oddzwonić |
                skontaktować się )(?:do mnie |ze mną )?(?:konsultant|ktoś|pracownik|człowiek)|(?:konsultant|ktoś|
                pracownik) (?:może|mógłby) (?:do mnie )?(?:zadzwonić|oddzwonić|pomóc)|niech ktoś do mnie (?:zadzwoni|
                oddzwoni)""",
            r"nie chcę (?:rozmawiać|gadać|pisać) z (?:\S+ )?(?:bot\w+|robot\w+|maszyną|automatem)",
        ),
        alone=r"(?:żywy |prawdziwy )?(?:człowiek|konsultant(?:ka)?|pracownik|doradca)|połącz z konsultantem",
        denied=r"""(?:nie|bez|zamiast|nigdy)(?: (?:chcę|chciałbym|chciałabym|muszę|potrzebuję|zamierzam|mam ochoty|
            trzeba|będę|życzę sobie|musieć|konieczności|mam zamiaru|ma potrzeby|się))*|czy muszę|musiał[ae]m|(?:klienci|
            użytkownicy)(?: \S+)?""",
        refused=r"nie (?:chcę|muszę|potrzebuję|trzeba)|nie jest",
    ),
    "tr": _Language(
        person=r"""(?:(?:gerçek|canlı|bir|başka|müşteri|destek) )*(?:insan(?:la|a|lar)?|temsilci(?:yle|ye|niz\w*|si|
            siyle|sine)?|yetkili(?:yle|ye|niz\w*)?|kişi(?:yle|ye)?|biri(?:yle|siyle|ne|sine)?|operatör(?:le|e)?|
            müdür(?:le)?|çalışan(?:ınız\w*|la)?|personel(?:le)?|danışman(?:la|a)?|hizmetleri(?:yle)?)""",
        sure=r"""(?:(?:gerçek|canlı|bir) )*(?:insan|müşteri temsilcisi|temsilci|yetkili|operatör|canlı destek|
            gerçek kişi|gerçek biri)(?:yle|ye|ni)?""",
        end=r"(?=$| (?:istiyorum|lazım|lütfen|rica|gerek|gerekiyor|verin|ver)(?!\S))",
        asks=(
            r"{person}(?: ile)?(?: hemen| direkt| şimdi| doğrudan)* (?:konuş|görüş|yazış)(?!tüm|tük|mad|med|tum)\w*",
            r"{person}(?: hemen| direkt| şimdi)* (?:bağla|aktar|yönlendir|aktarıl)(?!may|mey|mad|med|dı|di)\w*",
            r"{sure} (?:ile )?(?:istiyorum|lazım|lütfen|rica|gerekiyor|verin|ihtiyacım)",
            r"(?:orada|burada) (?:gerçek )?(?:bir )?insan var mı|(?:gerçek|canlı) (?:bir )?(?:insan|kişi|biri) var mı",
            r"""(?:biri|bir temsilci|bir yetkili|temsilciniz|yetkiliniz) (?:beni |lütfen )*(?:arasın|
                arayabilir)\S*( mi)?""",
            r"(?:bot|robot|makine)(?:la|le)? (?:ile )?(?:konuşmak|görüşmek|yazışmak) istemiyorum",
        ),
        alone=r"(?:gerçek |canlı )?(?:insan|(?:müşteri )?temsilci(?:si)?|operatör|yetkili)|canlı destek",
        denied=r"müşteriler(?:im)?(?: \S+)?|kullanıcılar(?: \S+)?",
        refused=r"""(?:\S+ )?(?:istemiyorum|istemem|gerek yok|gerekmiyor|gerekmez|zorunda \S+|gerekli değil|lazım değil|
            gerekiyor mu|değil)""",
    ),
    "ar": _Language(
        person=r"""(?:شخص|انسان|موظف|موظفة|موظفين|ممثل|احد|حدا?|وكيل|بشر|بشري|مسؤول|المسؤول|خدمة العملاء|مدير|
            الموظف)(?: حقيقي| بشري| اخر)?""",
        sure=r"(?:شخص حقيقي|شخص|موظف(?: بشري| حقيقي)?|انسان(?: حقيقي)?|ممثل(?: خدمة العملاء)?|بشري)",
        end=r"(?=$| (?:من فضلك|لو سمحت|الان|حقيقي|للتحدث|وليس|لا)(?!\S))",
        asks=(
            r"""(?:التحدث|اتحدث|نتحدث|اتكلم|التكلم|التواصل|اتواصل|الكلام|احكي|الحديث|الدردشة|تحدث) (?:مباشرة )?(?:مع|
                الى|الي) {person}""",
            r"(?:اكلم|احادث|مكالمة) {person}",
            r"(?:حولني|حولوني|تحويلي|وصلني|اوصلني|تحولني|توصيلي)(?: من فضلك)? (?:الى|الي|على|مع|ب) {person}|حولني ل\S+",
            r"(?:اريد|احتاج|ابغى|ابغي|عايز|عاوز|بدي|اود)(?: الى| الي)? {sure}{end}",
            r"هل (?:يوجد|هناك|في) (?:شخص حقيقي|موظف|انسان)(?: هنا| يمكنني| متاح| استطيع)?",
        ),
        alone=r"(?:موظف|انسان|شخص حقيقي|خدمة العملاء|موظف خدمة العملاء|ممثل)(?: بشري| حقيقي)?",
        denied=r"""(?:لا|لست|ليس|مش|بدون|ما|لم|لن|دون)(?: (?:اريد|احتاج|ارغب|عايز|عاوز|بدي|ان|في|الى|الي|بحاجة|داعي|
            حاجة))*""",
    ),
    "hi": _Language(
        person=r"""(?:(?:किसी|एक|असली|आपके|कस्टमर|kisi|ek|asli|real|customer) )*(?:इंसान|इन्सान|व्यक्ति|आदमी|एजेंट|प्रतिनिधि|
            किसी|अधिकारी|ऑपरेटर|मनुष्य|केयर|मैनेजर|insaan|insan|aadmi|agent|kisi|vyakti|care|manager|human|operator|
            executive)""",
        sure=r"(?:(?:असली|कोई|एक) )*(?:इंसान|इन्सान|एजेंट)",
        end=r"(?=$| (?:चाहिए|दो|दीजिए)(?!\S))",
        asks=(
            r"""{person} (?:से|के साथ|se|ke saath) (?:\S+ )?(?:बात|बातचीत|चैट|baat|bat|chat) (?!नहीं|न |मत|nahi|mat|हुई|
                की )\S+""",
            r"{person} (?:से|se) (?:जोड़|कनेक्ट|मिला|connect|jod)\S*",
            r"{sure} (?:चाहिए|दो|दीजिए)",
            r"क्या (?:यहाँ |यहां )?(?:कोई )?(?:असली )?(?:इंसान|एजेंट) (?:है|उपलब्ध|से)(?: \S+)?",
        ),
        alone=r"इंसान|इन्सान|एजेंट|प्रतिनिधि|insaan|असली इंसान",
        denied=r"बिना|bina",
        refused=r"(?:\S+ ){0,2}(?:नहीं|nahi|nahin|मत|ज़रूरत नहीं)",
    ),
    "ru": _Language(
        person=r"""(?:(?:живым|реальным|настоящим|живому|живого|другим|другому|вашим) )*(?:человек(?:ом|у|а)?|
            оператор(?:ом|у|а)?|менеджер(?:ом|у|а)?|сотрудник(?:ом|у|а)?|специалист(?:ом|у|а)?|кем нибудь|кем то|людьми|
            поддержкой|консультант(?:ом|у|а)?|представител(?:ем|ю))""",
        sure=r"(?:(?:живо[ий]|живого|реального|реальный|настоящий) )*(?:человека?|оператора?|консультанта?|сотрудника)",
        end=r"(?=$| (?:пожалуйста|сейчас|срочно|а|на|и|немедленно)(?!\S))",
        asks=(
            r"""(?:поговорить|говорить|связаться|пообщаться|соединить|связать|общаться|
                переписываться)(?: меня)? с(?:о)? {person}""",
            r"""(?:соедините|свяжите|переключите|переведите|соедини|переключи)(?: меня| пожалуйста)* (?:со?|на|
                к) {person}""",
            r"(?:позовите|позови|дайте|нужен|нужна|хочу|пригласите|требую|хотел бы)(?: мне)? {sure}{end}",
            r"есть (?:тут |здесь |там )?(?:живой |живые )(?:человек|люди|оператор)",
            r"не хочу (?:говорить|общаться|разговаривать) с (?:ботом|роботом|машиной)",
        ),
        alone=r"(?:живой |живого )?(?:человека?|оператора?)|позовите оператора",
        denied=r"""(?:не|без|вместо того чтобы|никогда)(?: (?:хочу|хотел бы|надо|нужно|буду|собираюсь|меня|
            необходимости|желаю))*""",
        refused=r"(?:я )?не (?:хочу|буду|надо|нужно)",
    ),
    "cjk": _Language(
        person=r"(?:人工|真人|活人|客服人员|客服人員|客服|工作人员|專員|专员|服务员)",
        sure=r"(?:人工|真人|活人)(?:客服|服务|服務|坐席)?",
        end=r"",
        asks=(
            r"""(?:转|轉|接|找|要|叫|换|換|联系|聯繫|需要|请|請|呼叫|连接|给我|想)(?:到|个|個|一下|一个|一位|
                接)?{sure}(?![智费費])""",
            r"""(?:和|跟|与|與|同)(?:一个|一位|一個|你们的|個|个|位)?(?:{person}|人)(?:员|員)?(?:说话|說話|聊|谈|談|
                沟通|溝通|通话|通話|交谈|对话|對話|讲)""",
            r"有(?:没有)?真人|真人吗",
            r"(?<![友商主恋夫婦])人(?:間)?と(?:お)?(?:話|チャット)(?:したい|せ|させ|がしたい|しをさせ|を)",
            r"""(?:担当者|担当の(?:方|人)|スタッフ|オペレーター|オペレータ|係の人|人間)(?:の方)?(?:と|に|へ|
                を)(?:直接)?(?:お)?"""
            r"(?:話|つな|繋|代わ|変わ|替わ|お願い|呼|出し|チャット|相談し)",
            r"(?:人|人間)に(?:代わ|変わ|替わ|つな|繋)",
            r"有人(?:対応|チャット|サポート)(?:を|に|が|希望)",
            r"(?:상담원|상담사|직원|담당자|사람)(?:분)?(?:과|이랑|하고|와|에게|한테|을|를)? ?"
            r"(?:연결|통화|대화|상담|얘기|이야기|바꿔|불러|부탁|말하)",
        ),
        alone=r"(?:人工|真人)(?:客服|服务|服務)?|转人工|轉人工|人間|オペレーター|有人対応|担当者|상담원|사람",
        denied=r"(?:不|别|別|无需|無需|没有必要|没必要|不用|なしで)(?:想|要|用|需要|必|愿意|希望|再|给我|是)*",
        refused=r"""[\w ]{0,5}(?:たくな|なくて|必要は?な|必要はあり|せずに|さずに|ないで|싶지 ?않|필요 ?없|안 ?해도|
            하지 ?마)""",
        spaced=False,
    ),
}
"""How each language asks; Chinese, Japanese and Korean, whose words are not set apart alike, share an entry."""


_LETTERS = str.maketrans({"ł": "l", "ı": "i", "ß": "ss", "œ": "oe", "ـ": ""})
"""Letters that Unicode does not take apart; the last one only stretches Arabic words."""


def _bare(text: str) -> str:
    """`text` without accents, for hurried customers leave them out; nothing else, so that patterns pass unharmed."""
    parts = unicodedata.normalize("NFKD", text)
    kept = "".join(letter for letter in parts if not unicodedata.combining(letter))
    return unicodedata.normalize("NFC", kept).translate(_LETTERS)


def _joined(entry: str) -> str:
    return _bare(re.sub(r"\n\s*", "", entry))


class _Matcher:
    """One language made ready."""

    def __init__(self, language: _Language) -> None:
        start, stop = (r"(?<!\S)", r"(?!\S)") if language.spaced else ("", "")
        places = {"person": language.person, "sure": language.sure, "end": language.end, "gap": _GAP}

        def filled(pattern: str) -> str:
            for _ in range(2):  # the entry that fills a place may have places itself
                for name, entry in places.items():
                    pattern = pattern.replace(f"{{{name}}}", f"(?:{entry})")
            return _joined(pattern)

        self._asks = [re.compile(f"{start}(?:{filled(each)}){stop}") for each in language.asks]
        self._denied = re.compile(f"{start}(?:{filled(language.denied)}) ?$")
        self._refused = re.compile(f" ?(?:{filled(language.refused)}){stop}")

    def asked(self, clause: str) -> bool:
        """Whether a clause asks, and neither what stands before nor what stands after says the opposite."""
        for pattern in self._asks:
            for found in pattern.finditer(clause):
                before = clause[max(0, found.start() - _NEAR) : found.start()]
                if not self._denied.search(before) and not self._refused.match(clause, found.end()):
                    return True
        return False


@cache
def _matchers() -> list[_Matcher]:
    """Made ready at the first text: it takes a quarter of the start of a command, and most commands read none."""
    return [_Matcher(language) for language in _LANGUAGES.values()]


@cache
def _alone() -> re.Pattern[str]:
    """What asks where it stands alone, with courtesies about it."""
    polite = _joined(_COURTESY)
    alone = "|".join(_joined(language.alone) for language in _LANGUAGES.values())
    return re.compile(f"(?:(?:{polite}) )*(?:{alone})(?: (?:{polite}))*")


_OTHER = re.compile(rf"(?<!\S)(?:{_joined(_ELSE)})(?!\S)")
_RESPELT = {wrong: right for right, many in _MISSPELT.items() for wrong in many.split()}
_SENTENCE_END = re.compile(r"[.!?…。؟।]+")
_CLAUSE_END = re.compile(r"[,;:،؛、，：；()\"„“”«»]+| [-\u2013\u2014] ")
_STRETCHED = re.compile(r"(\w)\1{2,}")
_NEAR = 80
"""Characters before a request that are searched for what denies it."""


def asks_for_human(text: str) -> bool:
    """Whether the customer asks, in so many words, to be helped by a person (behaviour 108, 109, 111)."""
    return any(_asks(sentence) for sentence in _sentences(text))


def _asks(sentence: str) -> bool:
    clauses = [_words(clause) for clause in _CLAUSE_END.split(sentence)]
    if ":" not in sentence and _alone().fullmatch(" ".join(clause for clause in clauses if clause not in _NO)):
        return True
    meant = [_OTHER.sub("-", clause) for clause in clauses if clause]
    return any(matcher.asked(clause) for clause in meant for matcher in _matchers())


def _sentences(text: str) -> Iterator[str]:
    """The sentences of a text, less the lines of a quoted mail: those were said before, and by others too."""
    if len(text) > LONGEST:
        text = f"{text[: LONGEST - _ENDING]}\n{text[-_ENDING:]}"
    for line in text.splitlines():
        if not line.lstrip().startswith(">"):
            yield from (each for each in _SENTENCE_END.split(line) if each.strip())


def _words(text: str) -> str:
    """The words of a text with a space between them, folded, without signs, and with known slips mended."""
    shown = "".join(letter if unicodedata.category(letter)[0] in "LMN" else " " for letter in _bare(text.casefold()))
    return " ".join(_RESPELT.get(word, word) for word in _STRETCHED.sub(r"\1", shown).split())
