"""What customers say for the same thing in the languages that have a short list of their own."""

from __future__ import annotations

GROUPS = {
    "fr": """
    remboursement; rembourser; argent; être remboursé; remboursé
    prix; coût; coûte; combien; tarif; frais; cher; #money
    payer; paiement; régler; règlement; moyens de paiement; carte bancaire; carte de crédit
    versement; mensualité; plusieurs fois; échelonné
    facture; reçu; ticket de caisse; justificatif
    réduction; remise; rabais; promotion; code promo; bon; coupon
    carte cadeau; chèque cadeau; bon cadeau
    gratuit; sans frais; offert; inclus; compris
    commande; achat; acheter; commander
    livraison; livrer; envoi; expédition; envoyer; expédier; acheminement
    colis; paquet; envoi; commande
    suivre; suivi; où est; où en est; numéro de suivi
    perdu; pas arrivé; jamais reçu; pas reçu; manquant
    étranger; pays; international; suisse; belgique; allemagne
    adresse; déménagé; code postal
    rupture; stock; disponible; épuisé
    annuler; annulation; résilier; résiliation; rétracter
    changer; modifier; modification; corriger
    retour; retourner; renvoyer; rendre; rapporter
    échange; échanger; remplacer; autre taille
    cassé; abîmé; endommagé; défectueux; ne marche pas; ne fonctionne pas; panne; défaut
    garantie; garanti
    réparer; réparation
    connexion; connecter; identifier; se connecter; identifiant
    compte; profil
    mot de passe; code secret
    oublié; perdu
    bloqué; verrouillé
    supprimer; effacer; fermer; clôturer
    newsletter; lettre; désabonner; désinscrire; publicité
    abonnement; adhésion; membre; abonner
    horaires; ouvert; heures; ouverture; fermé
    magasin; boutique; adresse
    contact; joindre; appeler; téléphone; service client
    louer; location; emprunter
    réserver; réservation; rendez-vous
    retard; tard; en retard
    combien de temps; délai; quand; durée; #duration
    voyage; séjour; vacances
    bagage; valise
    chien; animal; animaux
    """,
    "es": """
    reembolso; reembolsar; devolver el dinero; mi dinero; dinero
    precio; coste; cuesta; cuánto; tarifa; gastos; caro; vale; #money
    pagar; pago; abonar; formas de pago; métodos de pago; tarjeta
    plazo; plazos; cuotas; financiar
    factura; recibo; ticket; comprobante
    descuento; rebaja; oferta; cupón; código; promoción
    tarjeta regalo; vale; bono
    gratis; gratuito; sin coste; incluido
    pedido; compra; comprar; pedir; orden
    entrega; envío; enviar; entregar; mandar; llegar
    paquete; envío; pedido
    seguir; seguimiento; rastrear; dónde está
    perdido; no ha llegado; no llegó; no he recibido
    extranjero; país; países; internacional
    dirección; mudado; domicilio; código postal
    agotado; disponible; existencias; stock
    cancelar; anular; cancelación; dar de baja; baja
    cambiar; modificar; editar; cambio
    devolución; devolver; retornar; regresar
    cambio; cambiar; otra talla; reemplazar
    roto; dañado; defectuoso; no funciona; averiado; estropeado
    garantía
    reparar; reparación; arreglar
    entrar; iniciar sesión; acceder; acceso
    cuenta; perfil; usuario
    contraseña; clave
    olvidado; olvidé; perdido
    bloqueado; bloqueada
    eliminar; borrar; cerrar
    boletín; newsletter; publicidad; darse de baja
    suscripción; abono; socio; membresía
    horario; abierto; horas; abren; cerrado
    tienda; local
    contacto; llamar; teléfono; atención al cliente
    alquilar; alquiler
    reservar; reserva; cita
    retraso; tarde
    cuánto tiempo; cuándo; plazo; tarda; tardan; #duration
    viaje; vacaciones
    equipaje; maleta
    perro; mascota; animal
    """,
    "it": """
    rimborso; rimborsare; soldi indietro; restituzione
    prezzo; costo; costa; quanto; tariffa; spese; caro; #money
    pagare; pagamento; metodi di pagamento; carta
    rata; rate; rateale
    fattura; ricevuta; scontrino
    sconto; riduzione; coupon; codice; promozione
    buono; buono regalo; carta regalo
    gratis; gratuito; gratuita; incluso; compreso
    ordine; acquisto; ordinare; comprare
    consegna; spedizione; spedire; consegnare; inviare; arrivare
    pacco; spedizione; ordine
    tracciare; tracciamento; dove si trova; dov'è
    perso; smarrito; non è arrivato; mai arrivato
    estero; paese; paesi
    indirizzo; trasferito; domicilio
    esaurito; disponibile; disponibilità
    annullare; cancellare; disdire; annullamento; disdetta; recedere
    cambiare; modificare; modifica
    reso; restituire; rendere; rimandare
    cambio; sostituire; sostituzione; altra taglia
    rotto; danneggiato; difettoso; non funziona; guasto
    garanzia
    riparare; riparazione
    accedere; accesso; login; entrare
    account; conto; profilo
    password; parola d'ordine
    dimenticato; dimenticata; perso
    bloccato; bloccata
    eliminare; cancellare; chiudere
    newsletter; pubblicità; disiscrivere
    abbonamento; iscrizione
    orari; orario; aperto; aperti; chiuso
    negozio; punto vendita
    contatto; chiamare; telefono; assistenza
    noleggiare; noleggio; affittare
    prenotare; prenotazione; appuntamento
    ritardo; tardi
    quanto tempo; quando; tempi; #duration
    viaggio; vacanza
    bagaglio; valigia
    cane; animale; animali
    """,
    "nl": """
    terugbetaling; terugbetalen; geld terug; restitutie; terugstorten
    prijs; kosten; kost; hoeveel; tarief; duur; #money
    betalen; betaling; betaalmethode; betaalwijze; afrekenen
    termijn; termijnen; gespreid; achteraf
    factuur; bon; rekening; kassabon; bewijs
    korting; actie; kortingscode; code; coupon
    cadeaubon; cadeaukaart; tegoedbon; voucher
    gratis; kosteloos; inbegrepen
    bestelling; bestellen; aankoop; kopen; order
    levering; leveren; bezorgen; verzending; bezorging; verzenden; versturen; opsturen
    pakket; pakje; zending; bestelling
    volgen; waar is mijn; track; traceren
    kwijt; niet aangekomen; niet ontvangen; vermist; zoek
    buitenland; land; landen
    adres; verhuisd; postcode
    uitverkocht; voorraad; leverbaar; beschikbaar
    annuleren; opzeggen; annulering; afzeggen; herroepen; stopzetten
    wijzigen; veranderen; aanpassen; wijziging
    retour; terugsturen; retourneren; teruggeven; terugbrengen
    ruilen; omruilen; vervangen; andere maat
    kapot; beschadigd; defect; stuk; werkt niet; gebroken; schade
    garantie
    repareren; reparatie; herstellen
    inloggen; aanmelden; toegang
    account; profiel
    wachtwoord; pincode
    vergeten; kwijt
    geblokkeerd; vergrendeld
    verwijderen; wissen; sluiten; opheffen
    nieuwsbrief; reclame; afmelden; uitschrijven
    abonnement; lidmaatschap; lid
    openingstijden; open; geopend; gesloten
    winkel; filiaal; zaak
    contact; bellen; telefoon; klantenservice; bereikbaar
    huren; verhuur; lenen; huur
    reserveren; reservering; afspraak; boeken
    te laat; vertraging; later
    hoe lang; wanneer; duurt; termijn; #duration
    reis; vakantie
    bagage; koffer
    hond; huisdier; dier
    """,
    "pt": """
    reembolso; reembolsar; dinheiro de volta; devolver o dinheiro; estorno
    preço; custo; custa; quanto; tarifa; taxa; caro; #money
    pagar; pagamento; formas de pagamento; cartão
    prestação; prestações; parcelas; parcelar
    fatura; recibo; nota fiscal; comprovativo
    desconto; promoção; cupom; cupão; código
    cartão presente; vale; vale-presente
    grátis; gratuito; incluído
    encomenda; pedido; compra; comprar; encomendar
    entrega; envio; enviar; entregar; chegar; frete
    pacote; encomenda; volume
    rastrear; rastreio; onde está; seguir
    perdido; não chegou; não recebi; extraviado
    estrangeiro; país; países; exterior
    endereço; morada; mudei
    esgotado; disponível; estoque
    cancelar; anular; cancelamento; desistir
    alterar; mudar; modificar; alteração
    devolução; devolver; retornar
    troca; trocar; substituir; outro tamanho
    partido; danificado; defeituoso; quebrado; avariado; não funciona; estragado
    garantia
    reparar; reparação; consertar; conserto
    entrar; login; acessar; aceder; acesso
    conta; perfil
    senha; palavra-passe
    esqueci; esquecido; perdi
    bloqueado; bloqueada
    apagar; eliminar; excluir; fechar
    newsletter; publicidade; boletim
    assinatura; subscrição; associado
    horário; aberto; horas; fechado
    loja; filial
    contacto; contato; ligar; telefone; atendimento
    alugar; aluguel; aluguer
    reservar; reserva; marcação; agendar
    atraso; atrasado; tarde
    quanto tempo; quando; prazo; demora; #duration
    viagem; férias
    bagagem; mala
    cão; cachorro; animal
    """,
}
