"""Whether a customer asks for a person: behaviour 108, 109 and 111."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.flow.human_request import LONGEST, asks_for_human

ASKING = {
    "en": """I want to talk to a human
        real person please
        agent!
        can I speak with someone
        Can I talk to an agent?
        connect me to a representative
        please transfer me to a human agent
        let me speak to a real person
        human
        operator
        I need a human being
        get me a human
        I would like to speak with a person please
        talk to support agent
        could a human please help me
        REPRESENTATIVE!!!
        I'd like to chat with a live agent
        speak to a manager
        hand me over to a colleague
        Thanks, but I would like to talk to a human, please.
        Is there a human I can talk to?
        who can I speak to about returns
        I dont want a bot, give me a human
        humen please
        talk to a persn
        stop, I want a person
        No I want to speak with a real person
        I'm not happy, let me talk to your manager
        Why can't I talk to a real person?
        Are there any humans here?
        agent pleaseeee
        HUMAAAAN
        Can someone call me back about this?
        I don't want to talk to a bot
        hello, agent please
        I'd prefer a human over a bot
        escalate this to a supervisor
        How do I get hold of a real person here?
        I insist on speaking to a manager
        I want to be transferred to an agent
        can i plz speak to somebody who knows about this
        customer service representative
        i need human help
        Let me have a human take a look at this
        real-person, now!
        can an agent contact me please
        tlak to agent
        I don’t need a robot I need a real person
        this is useless. human.
        is it possible to chat with a member of staff
        Hey there, could I please chat with a real human being?
        i just want to talk to someone
        Put me through to your support team please
        nobody is helping me I want a supervisor NOW
        Can you get me in touch with a person?
        Please have someone call me
        I would rather talk to a person
        can u connect me with an actual agent
        speak to a human
        Talk to a person
        I need to speak with customer service
        Is anyone real there or is this just a bot? I want a real person.
        live agent
        I need to speak to someone in billing
        May I have a human agent?
        would it be possible to be connected with a live person
        human agent plz
        I'd like someone to call me
        transfer me
        this bot sucks, gimme a human
        Please escalate this to a manager
        how can i reach a human
        I need someone to talk to
        your bot does not understand, get me someone who does
        Let me talk to a real person, not a machine
        I demand to speak with your manager!
        Yes please connect me to a human
        I wish to speak to a human representative immediately
        Could somebody from your team phone me?
        Human. Now.""",
    "de": """Ich möchte mit einem Menschen sprechen
        Ich will einen Mitarbeiter
        Kann ich mit jemandem sprechen?
        Bitte verbinden Sie mich mit einem Mitarbeiter
        ich will mit einem echten menschen reden
        Mitarbeiter bitte
        mensch
        kann ich bitte mit einem Berater sprechen
        verbinden sie mich mit dem kundendienst
        Ich brauche einen Ansprechpartner
        Gibt es hier echte Menschen?
        Ich möchte, dass mich jemand anruft, können Sie mich mit einer Person verbinden?
        Warum kann ich nicht mit einem Menschen sprechen?
        Ich will keinen Bot, sondern einen Menschen
        echter Mensch bitte!
        ich moechte mit einer richtigen person chatten
        Leiten Sie mich bitte an einen Kollegen weiter
        Kann mir ein Mitarbeiter helfen?
        Ich will nicht mit einem Roboter reden
        Ich muss dringend mit einem Vorgesetzten sprechen
        Könnte mich bitte ein Berater zurückrufen?
        lieber einen echten Menschen
        Ich hätte gern einen Mitarbeiter gesprochen
        Können Sie mich bitte weiterleiten an einen echten Menschen?
        Ich will mit einem Mensch schreiben
        Bitte einen Menschen
        mit einem Mitarbeiter verbinden
        Ich möchte jemanden sprechen
        Kann ich einen Mitarbeiter sprechen?
        Ich würde gerne mit jemandem vom Support reden
        Holen Sie mir einen Menschen
        Support-Mitarbeiter bitte
        Ich möchte lieber mit einer echten Person sprechen.""",
    "fr": """Je voudrais parler à un humain
        puis-je parler à quelqu'un
        parler à un conseiller
        passez-moi un agent svp
        je veux un humain
        Je souhaite échanger avec une vraie personne
        Pouvez-vous me mettre en relation avec un conseiller ?
        conseiller
        Y a-t-il une vraie personne ici ?
        j'ai besoin d'un conseiller s'il vous plaît
        Pourquoi je ne peux pas parler à une personne réelle ?
        transférez-moi à un opérateur
        Je veux être mis en contact avec un responsable
        une vraie personne svp
        Je ne veux pas parler à un robot
        est-ce qu'un conseiller peut me rappeler
        Je veux parler à un être humain
        Est-il possible de parler avec quelqu'un ?
        Un conseiller svp
        Je préfère parler à une vraie personne
        Pouvez-vous me passer un responsable ?
        je voudrais qu'on me rappelle
        un humain svp""",
    "es": """quiero hablar con una persona
        necesito hablar con un agente
        páseme con un humano por favor
        agente
        prefiero una persona real
        ¿Puedo hablar con alguien?
        Quisiera comunicarme con un asesor
        me puede pasar con un operador
        ¿Hay alguien real ahí?
        QUIERO UN HUMANO!!!
        transfiérame a un representante
        persona real por favor
        no quiero hablar con un robot
        ¿por qué no puedo hablar con una persona?
        quiero que me atienda una persona
        Quiero hablar con un ser humano
        Me gustaría hablar con alguien de atención al cliente
        un agente por favor
        ¿Podría comunicarme con un representante?
        Pásame con una persona""",
    "it": """vorrei parlare con un operatore
        posso parlare con una persona?
        operatore
        voglio un umano
        Mi passi un operatore per favore
        Ho bisogno di parlare con qualcuno
        mi metta in contatto con un responsabile
        C'è una persona vera con cui posso parlare?
        persona reale per favore
        preferirei una persona vera
        non voglio parlare con un robot
        può chiamarmi un operatore?
        un operatore umano, grazie
        Vorrei un operatore
        Posso parlare con una persona vera?
        Vorrei essere contattato da un operatore
        Mi può passare un operatore?""",
    "pt": """quero falar com um atendente
        posso falar com uma pessoa?
        atendente
        gostaria de falar com alguém
        preciso de um atendente humano
        me transfira para um atendente por favor
        Tem alguém real aí?
        quero atendimento humano
        pode me passar para um operador
        pessoa real por favor
        não quero falar com um robô
        quero ser atendida por uma pessoa
        por que não posso falar com um humano?
        Gostaria de falar com um ser humano
        Quero um atendente
        Posso conversar com um atendente?
        Quero falar com uma pessoa de verdade""",
    "nl": """ik wil een medewerker spreken
        kan ik met een mens praten?
        medewerker
        Kunt u mij doorverbinden met een medewerker?
        ik wil graag met iemand spreken
        verbind me door met een collega
        echt persoon alstublieft
        Ik heb een mens nodig
        kan een medewerker mij terugbellen
        is er een echte medewerker beschikbaar?
        ik wil geen bot, ik wil een mens
        mag ik iemand aan de lijn
        waarom kan ik niet met een mens praten
        Ik wil met een echt persoon praten
        Kan ik iemand spreken?
        Graag een medewerker
        Ik wil een mens spreken""",
    "pl": """chcę rozmawiać z człowiekiem
        proszę o konsultanta
        konsultant
        Czy mogę porozmawiać z kimś z obsługi?
        połącz mnie z konsultantem
        proszę mnie połączyć z pracownikiem
        potrzebuję kontaktu z człowiekiem
        chciałabym porozmawiać z prawdziwą osobą
        CHCE CZLOWIEKA
        żywy człowiek proszę
        nie chcę rozmawiać z botem
        dlaczego nie mogę porozmawiać z człowiekiem?
        czy jest tu jakiś człowiek?
        Chciałbym rozmawiać z konsultantem
        Poproszę konsultanta
        Czy mogę rozmawiać z człowiekiem?""",
    "tr": """bir insanla konuşmak istiyorum
        temsilciye bağlanmak istiyorum
        müşteri temsilcisi lütfen
        gerçek bir kişiyle görüşebilir miyim?
        Beni bir temsilciye bağlayın
        canlı destek istiyorum
        temsilci
        biriyle konuşabilir miyim
        yetkili biriyle görüşmek istiyorum
        İNSANLA KONUŞMAK İSTİYORUM
        müşteri temsilcisine aktarır mısınız
        bot ile konuşmak istemiyorum
        Gerçek bir insanla konuşmak istiyorum
        Müşteri temsilcisiyle görüşmek istiyorum
        Müşteri temsilcisine bağlan""",
    "others": """转人工
        人工客服
        我想找人工客服
        可以和真人说话吗
        請幫我轉真人客服
        担当者と話したい
        オペレーターにつないでください
        人と話したいです
        상담원 연결해주세요
        사람과 이야기하고 싶어요
        أريد التحدث مع شخص
        أحتاج إلى موظف من فضلك
        هل يمكنني التحدث إلى موظف حقيقي؟
        मुझे इंसान से बात करनी है
        क्या मैं किसी से बात कर सकता हूँ?
        mujhe agent se baat karni hai
        хочу поговорить с человеком
        соедините с оператором
        позовите оператора
        人間と話したい
        我要人工
        请转人工客服
        오퍼레이터 말고 사람이랑 얘기하고 싶어요
        Соедините меня с человеком
        أريد أن أتحدث مع إنسان
        किसी इंसान से बात कराइए""",
}
NOT_ASKING = {
    "en": """is the agent fee refundable?
        human resources module
        my travel agent booked
        which user agent do you support
        no human needed
        I don't want to talk to a person
        someone stole my parcel
        can someone tell me the opening hours?
        can someone help me with my password
        my husband spoke with an agent yesterday
        the agent told me to wait
        I'd like a manager's discount
        contact lenses for a person with astigmatism
        How long does delivery take?
        Is this safe for people with allergies?
        I need help with my order
        the person who delivered it was rude
        can I order for another person
        your agent was very helpful
        do you sell human hair wigs
        I want human hair extensions
        I talked to someone last week about this
        Please don't transfer me to an agent
        no need to speak to anyone, just tell me the price
        I'd rather not talk to a human
        Can I cancel without speaking to an agent?
        Do I have to talk to a person to cancel?
        Can I transfer my subscription to another person?
        can you send it to someone as a gift
        How do I add an agent to my plan?
        How do my customers chat with an agent in your widget?
        am I talking to a human?
        I had to speak to a manager in the shop
        I need to connect my phone to a new network operator
        Is there a fee for a contact person?
        Agent: Hello, how can I help?
        I am not a robot
        How do I become an agent?
        Which manager do I need to email for wholesale?
        The agent I spoke with promised a refund
        Does your software support multiple agents?
        I have talked to three people already
        What is the difference between an admin and an agent seat?
        can I speak German with you?
        I want to talk about my invoice
        Could you talk me through the setup?
        How many people can use one account?
        Do you ship to people in Canada?
        I need a new password
        I want a refund
        I need one for a person of 2 metres
        Does this chair hold a person of 120 kg?
        Is there someone at the store on Sunday?
        My manager wants an invoice
        I will speak to my manager and come back to you
        Can an agent see my card number?
        How do I connect the operator panel to the wall?
        When will a person be able to order again?
        I work in human resources
        somebody used my card
        What happens if I contact the seller?
        no agent please
        I don't need a human, just the tracking number
        You don't need to connect me with anyone
        There is no need to transfer me to an agent
        Never mind, no need for a human
        I never want to speak to an agent again
        Can I buy without talking to a salesperson?
        A person in your shop told me it was free
        I need a gift for a real person who loves tea
        Is the model wearing size M a real person?
        Humans of New York book, do you have it?
        I want to give my colleague access, how?
        Can I put you in touch with our supplier?
        Please send me a person-sized box
        Can I have the person at the door sign for it?
        My colleague wants to chat with me in the app, how?
        How can my team talk to each other in the chat?
        I want to speak another language in the app
        I would like a manager account
        I need an operator console
        Will a person sign for the parcel?
        Can someone pick it up for me?
        I want someone else to receive the parcel
        Can I connect my store to a sales representative portal
        Do I need a representative to open a business account?
        Can the driver call me when he arrives?
        I'd like to give it to a person who lives in Norway
        This is a gift for someone special
        He's a real person, the seller, right?
        I have a question about customer service hours
        what are customer service opening hours
        Is customer support available on Sunday?
        The customer service agent told me to send a photo
        I was transferred to an agent and then disconnected
        how do you train your support agents
        Please remove the person from my account""",
    "de": """Wie lange dauert die Lieferung?
        Mein Mitarbeiter hat bestellt
        Der Mitarbeiter war unfreundlich
        Ich habe mit jemandem telefoniert
        Kein Mensch nötig
        Ich möchte nicht mit einem Menschen sprechen
        Menschen mit Allergien
        Kann jemand das Paket annehmen?
        Wo ist mein Paket?
        Ich bin eine Person mit Behinderung
        Ich möchte einen Mitarbeiter zu meinem Konto hinzufügen
        Muss ich mit einem Mitarbeiter sprechen, um zu kündigen?
        Ich habe gestern mit einem Berater gesprochen
        Kann ich kündigen, ohne mit einem Mitarbeiter zu sprechen?
        Kann mir jemand sagen, wann Sie öffnen?
        Welche Personen dürfen bestellen?
        Kann ich an einen anderen Ort liefern lassen?
        Ich möchte eine Person aus der Bestellung entfernen
        Der Berater im Laden sagte etwas anderes
        Ich brauche keinen Menschen, nur die Sendungsnummer
        Wie viele Mitarbeiter hat Ihre Firma?
        Ich möchte mit Karte zahlen
        Kann man mit zwei Personen zusammen bestellen?
        Ich habe einen Mitarbeiter der krank ist
        Brauche ich eine Person zum Unterschreiben?
        Kann ich mit meiner Frau zusammen ein Konto haben?
        Ich wollte nur mit Karte bezahlen
        Kann der Bote mich anrufen?
        Mein Kollege möchte auch bestellen""",
    "fr": """où est mon colis ?
        une personne a volé mon colis
        quel agent nettoyant
        je ne veux pas parler à un conseiller
        quels sont les frais d'agent
        J'ai parlé hier avec un conseiller très gentil
        le module ressources humaines
        c'est pour combien de personnes ?
        Dois-je parler à un conseiller pour annuler ?
        annuler sans parler à un agent
        mon agent immobilier a commandé pour moi
        quelqu'un peut m'aider avec mon mot de passe ?
        Combien de personnes peuvent utiliser le compte ?
        Je ne souhaite pas parler à quelqu'un
        Pas besoin d'un conseiller
        L'agent de livraison n'est pas passé
        Est-ce que je peux payer par carte ?
        Quel est l'horaire du service client ?
        Je veux une table pour six personnes
        La personne à qui je l'offre habite à Lyon""",
    "es": """¿dónde está mi pedido?
        una persona robó mi paquete
        no quiero hablar con una persona
        ¿cuánto cuesta por persona?
        mi agente de viajes hizo la reserva
        el módulo de recursos humanos
        ayer hablé con un agente muy amable
        ¿Puedo cancelar sin hablar con un agente?
        el agente me dijo que esperara
        no necesito hablar con nadie
        la persona que lo entregó fue grosera
        ¿alguien me puede decir el horario?
        ¿Cuántas personas caben en la mesa?
        Una persona me dijo que era gratis
        No hace falta hablar con un agente
        Puedo pagar con tarjeta?
        Quiero una mesa para seis personas
        ¿Cuál es el horario de atención al cliente?
        Quiero regalarlo a una persona""",
    "it": """dov'è il mio pacco?
        quanto costa per persona?
        non voglio parlare con un operatore
        ieri ho parlato con un operatore gentile
        il mio operatore telefonico ha cambiato numero
        il modulo risorse umane
        posso annullare senza parlare con un operatore?
        qualcuno ha rubato il mio pacco
        la persona che ha consegnato era scortese
        qual è la commissione dell'agente immobiliare?
        Quante persone possono usare l'account?
        Non ho bisogno di un operatore
        Posso pagare con carta?
        Vorrei un tavolo per sei persone
        Qual è l'orario del servizio clienti?""",
    "pt": """onde está meu pedido?
        quanto custa por pessoa?
        não quero falar com um atendente
        ontem falei com uma atendente muito simpática
        meu agente de viagens fez a reserva
        módulo de recursos humanos
        posso cancelar sem falar com um atendente?
        uma pessoa roubou meu pacote
        a operadora do meu celular mudou
        alguém sabe o horário de funcionamento?
        Quantas pessoas cabem na mesa?
        Não preciso falar com ninguém
        Preciso de uma mesa para seis pessoas""",
    "nl": """waar is mijn pakket?
        hoeveel kost het per persoon?
        ik wil niet met een medewerker praten
        Ik heb gisteren met een medewerker gesproken
        kan ik opzeggen zonder met iemand te spreken?
        de medewerker was onvriendelijk
        kan iemand mij vertellen hoe laat jullie open zijn?
        is het geschikt voor mensen met een allergie?
        Ik wil een medewerker toevoegen aan mijn account
        geen mens nodig
        Hoeveel personen passen aan de tafel?
        Ik hoef niet met iemand te praten
        Ik zoek een cadeau voor een persoon van 40
        Ik wil een tafel voor zes personen
        Mijn collega wil ook bestellen""",
    "pl": """gdzie jest moja paczka?
        ile to kosztuje za osobę?
        nie chcę rozmawiać z konsultantem
        wczoraj rozmawiałem z konsultantem
        czy mogę zrezygnować bez rozmowy z pracownikiem?
        konsultant był niemiły
        jak dodać pracownika do konta?
        agent nieruchomości zamówił to dla mnie
        nie potrzebuję konsultanta
        czy to jest bezpieczne dla osób z alergią?
        Dla ilu osób jest ten stół?
        Nie muszę rozmawiać z konsultantem
        Chcę stół dla sześciu osób""",
    "tr": """siparişim nerede?
        kişi başı ne kadar?
        bir insanla konuşmak istemiyorum
        dün bir temsilciyle konuştum
        insan kaynakları modülü
        temsilciye bağlanmama gerek yok
        temsilci çok kabaydı
        biri paketimi çalmış
        Bir insanla konuşmam gerekiyor mu?
        temsilciyle konuşmadan iptal edebilir miyim
        Masaya kaç kişi sığar?
        İnsan saçı satıyor musunuz
        Altı kişilik masa istiyorum
        bu masa kaç insan alır""",
    "others": """我的包裹在哪里
        你们用人工智能吗
        我不想转人工
        不需要人工客服
        人工费多少钱
        荷物はどこですか
        友人と話した内容
        担当者と話したくない
        택배가 어디 있나요
        상담원과 통화하고 싶지 않아요
        أين طلبي؟
        لا أريد التحدث مع موظف
        मेरा ऑर्डर कहाँ है?
        मुझे एजेंट से बात नहीं करनी
        где мой заказ?
        я не хочу говорить с оператором
        这个桌子能坐几个人
        不用转人工了
        テーブルは何人用ですか
        Сколько человек помещается за столом?
        Мне не нужен оператор
        客服几点上班
        営業担当者の名前は何ですか
        영업시간이 어떻게 되나요""",
}


def lines_of(table: dict[str, str]) -> list[str]:
    return [line.strip() for lines in table.values() for line in lines.splitlines()]


@pytest.mark.parametrize("text", lines_of(ASKING))
def test_b108_a_request_for_a_person_is_found(text: str) -> None:
    assert asks_for_human(text)


@pytest.mark.parametrize("text", lines_of(ASKING))
def test_b108_it_is_found_shouted_and_among_other_sentences(text: str) -> None:
    assert asks_for_human(f"My parcel is late. {text.upper()}!! My order is 4711.")


@pytest.mark.parametrize("text", lines_of(NOT_ASKING))
def test_b108_what_only_mentions_or_refuses_a_person_is_no_request(text: str) -> None:
    assert not asks_for_human(text)


@pytest.mark.parametrize("text", lines_of(NOT_ASKING))
def test_b109_a_request_is_not_taken_back_by_another_message(text: str) -> None:
    assert asks_for_human(f"{text}\nI want to talk to a human")


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "it", "pt", "nl", "pl", "tr"])
def test_every_main_language_is_held_to_enough_of_both_kinds(language: str) -> None:
    assert len(set(ASKING[language].splitlines())) >= 12
    assert len(set(NOT_ASKING[language].splitlines())) >= 8


def test_hurried_writing_without_accents_and_with_curly_signs_is_understood() -> None:
    assert asks_for_human("je prefere parler a quelqu’un")
    assert asks_for_human("POLACZ MNIE Z KONSULTANTEM")
    assert asks_for_human("ｈｕｍａｎ")
    assert not asks_for_human("I don’t want to talk to a person")


def test_a_quoted_mail_is_not_taken_for_the_customers_words() -> None:
    assert not asks_for_human("It works now.\n\nOn Monday you wrote:\n> Do you want to talk to a human?\n> agent")
    assert asks_for_human("> It should work now.\n\nIt does not. Let me talk to a human.")


def test_the_start_and_the_end_of_a_long_text_are_read_and_the_middle_is_not() -> None:
    request, padding = "\nI want to talk to a human\n", "The parcel is late. " * LONGEST
    assert asks_for_human(request + padding)
    assert asks_for_human(padding + request)
    assert not asks_for_human(padding + request + padding)


@given(st.text(max_size=500))
def test_no_text_makes_it_fail(text: str) -> None:
    assert asks_for_human(text) in (True, False)


@pytest.mark.parametrize(
    "piece",
    [
        "talk to a ",
        "real human ",
        "mit einem ",
        "no ",
        "a",
        "want a person not ",
        "\u0301",
        "\ufdfa",
        "的人工",
        "> ",
        "\n",
    ],
)
def test_a_huge_text_takes_no_time(piece: str) -> None:
    started = time.thread_time()  # the machine may be busy with others
    asks_for_human(piece * (100_000 // len(piece)))
    assert time.thread_time() - started < 1.0
