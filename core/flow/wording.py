"""What core itself says to a customer about handing off, in the languages in which it hears a request for a person."""

from __future__ import annotations

from core.domain import Reason

WORDS = {
    Reason.DECLINED_HUMAN: {
        "en": "I am an automatic assistant, and I cannot pass you on to a person here. "
        "I am glad to help: please tell me what it is about.",
        "de": "Ich bin ein automatischer Assistent und kann Sie hier nicht an einen Menschen weitergeben. "
        "Ich helfe gern: Bitte sagen Sie mir, worum es geht.",
        "fr": "Je suis un assistant automatique et je ne peux pas vous passer une personne ici. "
        "Je vous aiderai volontiers : dites-moi de quoi il s'agit.",
        "es": "Soy un asistente automático y aquí no puedo pasarle con una persona. "
        "Le ayudaré con gusto: dígame de qué se trata.",
        "it": "Sono un assistente automatico e qui non posso metterla in contatto con una persona. "
        "La aiuto volentieri: mi dica di che cosa si tratta.",
        "nl": "Ik ben een automatische assistent en kan u hier niet met een medewerker verbinden. "
        "Ik help u graag: vertel me waar het over gaat.",
        "pt": "Sou um assistente automático e não posso passar a conversa a uma pessoa aqui. "
        "Terei gosto em ajudar: diga-me de que se trata.",
        "pl": "Jestem automatycznym asystentem i nie mogę tu połączyć z człowiekiem. "
        "Chętnie pomogę: proszę napisać, o co chodzi.",
        "tr": "Ben otomatik bir asistanım ve sizi burada bir kişiye bağlayamam. "
        "Memnuniyetle yardımcı olurum: lütfen konuyu yazın.",
        "ar": "أنا مساعد آلي ولا يمكنني تحويلك إلى شخص هنا. يسعدني أن أساعدك: أخبرني من فضلك عن الموضوع.",
        "hi": "मैं एक स्वचालित सहायक हूँ और यहाँ आपको किसी व्यक्ति से नहीं जोड़ सकता। मैं मदद करना चाहूँगा: कृपया बताइए कि बात क्या है।",
        "ru": "Я автоматический помощник и не могу соединить вас здесь с человеком. "
        "Я с радостью помогу: напишите, пожалуйста, о чём речь.",
        "zh": "我是自动助手，在这里无法为您转接人工。我很乐意帮忙：请告诉我是什么问题。",
        "ja": "自動アシスタントのため、こちらで担当者におつなぎすることはできません。"
        "お手伝いいたしますので、ご用件をお聞かせください。",
        "ko": "저는 자동 도우미라서 여기에서 상담원을 연결해 드릴 수 "
        "없습니다. 기꺼이 도와드리겠으니 어떤 일인지 말씀해 주세요.",
    },
    Reason.OFFERED_HELP: {
        "en": "I may be able to help you right away: what is it about? "
        "If you would still rather talk to a person then, just say so again.",
        "de": "Vielleicht kann ich Ihnen gleich helfen: Worum geht es? "
        "Wenn Sie dann doch lieber mit einem Menschen sprechen möchten, sagen Sie es einfach noch einmal.",
        "fr": "Je peux peut-être vous aider tout de suite : de quoi s'agit-il ? "
        "Si vous préférez ensuite parler à une personne, redites-le-moi.",
        "es": "Quizá pueda ayudarle ahora mismo: ¿de qué se trata? "
        "Si después prefiere hablar con una persona, dígamelo otra vez.",
        "it": "Forse posso aiutarla subito: di che cosa si tratta? "
        "Se poi preferisce parlare con una persona, me lo dica di nuovo.",
        "nl": "Misschien kan ik u meteen helpen: waar gaat het over? "
        "Spreekt u daarna toch liever een medewerker, zeg het dan nog een keer.",
        "pt": "Talvez eu possa ajudar já: de que se trata? Se depois preferir falar com uma pessoa, diga-o outra vez.",
        "pl": "Może uda mi się pomóc od razu: o co chodzi? "
        "Jeśli potem nadal wolą Państwo rozmowę z człowiekiem, proszę napisać to jeszcze raz.",
        "tr": "Belki hemen yardımcı olabilirim: konu nedir? Yine de "
        "bir kişiyle görüşmek isterseniz tekrar yazmanız yeterli.",
        "ar": "ربما أستطيع مساعدتك فورًا: ما الموضوع؟ وإن كنت تفضل بعد ذلك التحدث إلى شخص فقل ذلك مرة أخرى.",
        "hi": "शायद मैं अभी आपकी मदद कर सकूँ: बात क्या है? फिर भी किसी व्यक्ति से बात करना चाहें तो बस एक बार फिर लिख दीजिए।",
        "ru": "Возможно, я помогу сразу: о чём речь? "
        "Если потом вы всё же захотите поговорить с человеком, просто напишите об этом ещё раз.",
        "zh": "也许我现在就能帮您：是什么问题？如果之后您仍想找人工，请再说一次。",
        "ja": "すぐにお役に立てるかもしれません。ご用件は何でしょうか。"
        "それでも担当者をご希望でしたら、もう一度お知らせください。",
        "ko": "바로 도와드릴 수 있을지도 모릅니다. 어떤 일이신가요? 그래도 상담원을 원하시면 다시 한 번 말씀해 주세요.",
    },
    Reason.ASKED_FOR_DETAILS: {
        "en": "I will pass you on to a colleague. So that they can help you quickly: what is it about, "
        "and is there a number (of an order, say) that belongs to it?",
        "de": "Ich gebe Sie an eine Kollegin oder einen Kollegen weiter. Damit es schnell geht: Worum geht es, "
        "und gibt es eine Nummer dazu, etwa die einer Bestellung?",
        "fr": "Je vais vous passer un collègue. Pour qu'il vous aide vite : de quoi s'agit-il, "
        "et y a-t-il un numéro, par exemple de commande ?",
        "es": "Le pasaré con un compañero. Para que pueda ayudarle pronto: ¿de qué se trata, "
        "y hay algún número, por ejemplo de pedido?",
        "it": "La passo a un collega. Perché possa aiutarla in fretta: di che cosa si tratta, "
        "e c'è un numero, per esempio di un ordine?",
        "nl": "Ik verbind u door met een collega. Om u snel te kunnen helpen: waar gaat het over, "
        "en hoort er een nummer bij, bijvoorbeeld van een bestelling?",
        "pt": "Vou passar a conversa a um colega. Para que ele ajude depressa: de que se trata, "
        "e há um número, por exemplo de pedido?",
        "pl": "Przekażę rozmowę koledze lub koleżance. Aby pomoc była szybka: o co chodzi "
        "i czy jest jakiś numer, na przykład zamówienia?",
        "tr": "Sizi bir çalışma arkadaşıma aktaracağım. Hızlı yardımcı olabilmesi için: konu nedir "
        "ve örneğin bir sipariş numarası var mı?",
        "ar": "سأحولك إلى أحد الزملاء. لكي يساعدك بسرعة: ما الموضوع، وهل هناك رقم يخصه، كرقم الطلب مثلًا؟",
        "hi": "मैं आपको एक सहकर्मी से जोड़ता हूँ। वे जल्दी मदद कर सकें, इसलिए "
        "बताइए: बात क्या है, और क्या इससे जुड़ा कोई नंबर है, जैसे ऑर्डर नंबर?",
        "ru": "Я передам вас коллеге. Чтобы он быстро помог: о чём речь и есть ли номер, например номер заказа?",
        "zh": "我会为您转接同事。为了尽快帮到您：请问是什么问题，有没有相关的编号（例如订单号）？",
        "ja": "担当者におつなぎします。早くお力になれるよう、ご用件と、ご注文番号などがあればお知らせください。",
        "ko": "담당 동료에게 연결해 드리겠습니다. 빠른 도움을 위해 "
        "어떤 일인지, 주문 번호와 같은 번호가 있는지 알려 주세요.",
    },
    Reason.ASKED_TO_CLARIFY: {
        "en": "I am not sure that I have understood. Could you tell me a little more, or say it in other words?",
        "de": "Ich bin nicht sicher, ob ich Sie richtig verstanden habe. "
        "Können Sie mir etwas mehr dazu sagen oder es anders ausdrücken?",
        "fr": "Je ne suis pas sûr d'avoir compris. Pouvez-vous m'en dire un peu plus, ou le dire autrement ?",
        "es": "No estoy seguro de haber entendido. ¿Puede contarme un poco más, o decirlo con otras palabras?",
        "it": "Non sono sicuro di aver capito. Può dirmi qualcosa di più, o dirlo con altre parole?",
        "nl": "Ik weet niet zeker of ik u goed begrijp. Kunt u iets meer vertellen, of het anders zeggen?",
        "pt": "Não tenho a certeza de ter entendido. Pode dizer-me um pouco mais, ou por outras palavras?",
        "pl": "Nie mam pewności, czy dobrze rozumiem. Czy można napisać trochę więcej albo innymi słowami?",
        "tr": "Doğru anladığımdan emin değilim. Biraz daha bilgi verebilir veya başka sözlerle yazabilir misiniz?",
        "ar": "لست متأكدًا من أنني فهمت. هل يمكنك أن تخبرني بالمزيد، أو أن تقول ذلك بعبارة أخرى؟",
        "hi": "मुझे यकीन नहीं कि मैं ठीक समझा। क्या आप थोड़ा और बता सकते हैं, या दूसरे शब्दों में कह सकते हैं?",
        "ru": "Я не уверен, что правильно понял. Не могли бы вы рассказать чуть подробнее или сказать иначе?",
        "zh": "我不确定是否理解正确。您能多说一些，或者换个说法吗？",
        "ja": "正しく理解できているか自信がありません。もう少し詳しく、または別の言い方で教えていただけますか。",
        "ko": "제대로 이해했는지 확실하지 않습니다. 조금 더 자세히, 또는 다른 말로 말씀해 주시겠어요?",
    },
    Reason.CANNOT_RESOLVE: {
        "en": "I am sorry: I do not know the answer to that, and I cannot pass you on to a person here.",
        "de": "Es tut mir leid: Darauf weiß ich keine Antwort, und "
        "ich kann Sie hier nicht an einen Menschen weitergeben.",
        "fr": "Je suis désolé : je ne connais pas la réponse, et je ne peux pas vous passer une personne ici.",
        "es": "Lo siento: no sé la respuesta, y aquí no puedo pasarle con una persona.",
        "it": "Mi dispiace: non conosco la risposta, e qui non posso metterla in contatto con una persona.",
        "nl": "Het spijt me: dat weet ik niet, en ik kan u hier niet met een medewerker verbinden.",
        "pt": "Lamento: não sei a resposta, e não posso passar a conversa a uma pessoa aqui.",
        "pl": "Przykro mi: nie znam odpowiedzi i nie mogę tu połączyć z człowiekiem.",
        "tr": "Üzgünüm: bunun cevabını bilmiyorum ve sizi burada bir kişiye bağlayamam.",
        "ar": "عذرًا: لا أعرف الإجابة عن ذلك، ولا يمكنني تحويلك إلى شخص هنا.",
        "hi": "क्षमा कीजिए: मुझे इसका उत्तर नहीं पता, और यहाँ मैं आपको किसी व्यक्ति से नहीं जोड़ सकता।",
        "ru": "К сожалению, я не знаю ответа и не могу соединить вас здесь с человеком.",
        "zh": "很抱歉，我不知道答案，在这里也无法为您转接人工。",
        "ja": "申し訳ありませんが、お答えできる情報がなく、こちらで担当者におつなぎすることもできません。",
        "ko": "죄송합니다. 그 답을 알지 못하며, 여기에서 상담원을 연결해 드릴 수도 없습니다.",
    },
    Reason.FORBIDDEN_TOPIC: {
        "en": "I am sorry: I cannot help with that topic here.",
        "de": "Es tut mir leid: Bei diesem Thema kann ich hier nicht helfen.",
        "fr": "Je suis désolé : je ne peux pas vous aider sur ce sujet ici.",
        "es": "Lo siento: aquí no puedo ayudarle con ese tema.",
        "it": "Mi dispiace: qui non posso aiutarla su questo argomento.",
        "nl": "Het spijt me: met dat onderwerp kan ik u hier niet helpen.",
        "pt": "Lamento: não posso ajudar com esse assunto aqui.",
        "pl": "Przykro mi: w tym temacie nie mogę tu pomóc.",
        "tr": "Üzgünüm: bu konuda burada yardımcı olamam.",
        "ar": "عذرًا: لا يمكنني المساعدة في هذا الموضوع هنا.",
        "hi": "क्षमा कीजिए: इस विषय में मैं यहाँ मदद नहीं कर सकता।",
        "ru": "К сожалению, с этой темой я здесь помочь не могу.",
        "zh": "很抱歉，这个话题我在这里无法提供帮助。",
        "ja": "申し訳ありませんが、その件についてはこちらではお手伝いできません。",
        "ko": "죄송합니다. 그 주제는 여기에서 도와드릴 수 없습니다.",
    },
}
_SAME = {Reason.LOW_CONFIDENCE: Reason.CANNOT_RESOLVE, Reason.TOPIC_NOT_ALLOWED: Reason.FORBIDDEN_TOPIC}


ASK_FOR_A_PERSON = {
    "en": "I am sorry: I do not know the answer to that. If you would like to talk to a person, just say so.",
    "de": "Es tut mir leid: Darauf weiß ich keine Antwort. Wenn Sie mit einem Menschen sprechen möchten, sagen Sie es.",
    "fr": "Je suis désolé : je ne connais pas la réponse. Si vous souhaitez parler à une personne, dites-le-moi.",
    "es": "Lo siento: no sé la respuesta. Si quiere hablar con una persona, dígamelo.",
    "it": "Mi dispiace: non conosco la risposta. Se vuole parlare con una persona, me lo dica.",
    "nl": "Het spijt me: dat weet ik niet. Wilt u een medewerker spreken, zeg het dan.",
    "pt": "Lamento: não sei a resposta. Se quiser falar com uma pessoa, diga-me.",
    "pl": "Przykro mi: nie znam odpowiedzi. Jeśli chcą Państwo porozmawiać z człowiekiem, proszę to napisać.",
    "tr": "Üzgünüm: bunun cevabını bilmiyorum. Bir kişiyle görüşmek isterseniz yazmanız yeterli.",
    "ar": "عذرًا: لا أعرف الإجابة عن ذلك. إن كنت تريد التحدث إلى شخص فقل ذلك.",
    "hi": "क्षमा कीजिए: मुझे इसका उत्तर नहीं पता। किसी व्यक्ति से बात करना चाहें तो बस लिख दीजिए।",
    "ru": "К сожалению, я не знаю ответа. Если хотите поговорить с человеком, просто напишите об этом.",
    "zh": "很抱歉，我不知道答案。如果您想找人工，请告诉我。",
    "ja": "申し訳ありませんが、お答えできる情報がありません。担当者をご希望でしたら、お知らせください。",
    "ko": "죄송합니다. 그 답을 알지 못합니다. 상담원을 원하시면 말씀해 주세요.",
}
"""What is said to a question without an answer where it hands nobody off, but a request for a person does."""


def say(reason: Reason, language: str, *, person: bool = False) -> str:
    """What is said for a reason in a language (two letters), in English where there is none for it.

    `person` says that the customer may yet ask for a person.
    """
    meant = _SAME.get(reason, reason)
    texts = ASK_FOR_A_PERSON if person and meant is Reason.CANNOT_RESOLVE else WORDS[meant]
    return texts.get(language, texts["en"])
