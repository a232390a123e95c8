"""The words of the made-up portfolio: companies, people and what they say, per language."""

FIRST_NAMES = {
    "da": "Jane Ole Karen Peter Mia Lars Sofie Henrik Ida Søren Camilla Jens Line Morten "
    "Birgitte Kasper Trine Rasmus Helle Anders Nanna Thomas Lone Mads Pia",
    "nl": "Sanne Daan Eva Bram Lotte Jeroen Fleur Pieter Anouk Ruben Marieke Thijs Femke Joris "
    "Iris Wouter Esmee Koen Tessa Bas",
    "en": "Alice James Emily Oliver Grace Henry Amelia Jack Sophie Edward Lucy George Hannah "
    "Samuel Ruth Adam Nora Peter Claire Simon",
}
LAST_NAMES = {
    "da": "Jensen Holm Friis Krog Lund Bech Dahl Toft Winther Brandt Juhl Nygaard Skov Ravn Kjær "
    "Bang Møller Vestergaard Thorup Bak",
    "nl": "Jansen Bakker Visser Smit Meijer Mulder Kok Dekker Brouwer Vos Peters Hendriks Willems "
    "Kuipers Postma",
    "en": "Ashworth Baker Clarke Doyle Ellis Fletcher Grant Hughes Irving Jarvis Kendall Lawson "
    "Mercer Norris Osborne",
}
COMPANY_FIRST = (
    "Acme Nordhavn Fjord Ølby Kongsted Vesterbro Limfjord Skagen Ribe Odense Delta Veluwe Zaan "
    "Maas Brabant Haarlem Twente Friesland Severn Mersey Pennine Albion Thames Harrow"
)
COMPANY_SECOND = ("Parts", "Foods", "Logistics", "Marine")
COMPANY_FORM = {"da": "A/S", "nl": "B.V.", "en": "Ltd"}
COUNTRY = {"da": "DK", "nl": "NL", "en": "GB"}
# Numbers that look like those of the country, and the British ones that are nobody's.
PHONE = {"da": "+45 {} {} 56 78", "nl": "+31 6 {} {} 56 78", "en": "+44 7700 9000{1}"}
TIME_ZONE = {"da": "Europe/Copenhagen", "nl": "Europe/Amsterdam", "en": "Europe/London"}

# title, department, role, what they can judge
POSTS = (
    ("CFO", "Finance", "decision_maker", "price|invoicing|contract"),
    ("Head of purchasing", "Purchasing", "influencer", "price|contract|delivery|communication"),
    ("Production manager", "Production", "influencer", "product|quality|delivery|service"),
    ("Planner", "Planning", "user", "delivery|communication|service"),
    ("Warehouse lead", "Warehouse", "user", "delivery|quality|support_wait"),
    ("Quality engineer", "Quality", "user", "product|quality|service"),
    ("Technician", "Maintenance", "user", "product|service|support_wait"),
    ("Managing director", "Management", "decision_maker", ""),
)
# Functions of an account team beside the account manager.
FUNCTIONS = ("supply chain", "technical support", "finance")
# Which of them owns a reason.
OWNERS = {
    "delivery": "supply chain",
    "quality": "technical support",
    "support_wait": "technical support",
    "product": "technical support",
    "price": "finance",
    "invoicing": "finance",
    "contract": "finance",
    "service": "technical support",
    "communication": "supply chain",
    "innovation": "technical support",
}

COMMENTS = {
    "da": {
        "critic": (
            ("Tredje forkerte faktura i træk, og ingen ringer tilbage.", "invoicing|communication"),
            ("Leveringen kom to uger for sent igen.", "delivery"),
            ("Vi venter dage på svar fra supporten.", "support_wait"),
            ("Prisen stiger, men det gør kvaliteten ikke.", "price|quality"),
            ("To reklamationer på samme pakning og intet svar.", "quality|communication"),
            ("Vi fik tre forskellige svar på det samme spørgsmål.", "service|communication"),
        ),
        "passive": (
            ("Fint produkt, men leveringstiden svinger.", "delivery"),
            ("Godt samarbejde. Lidt mere fremdrift ville hjælpe.", "innovation"),
            ("Flinke folk, men tilbuddene tager lang tid.", "communication|price"),
            ("Det kører. Ikke noget særligt.", ""),
            ("Portalen er langsom, ellers er det fint.", "product"),
        ),
        "promoter": (
            ("Dygtige planlæggere, der tænker med.", "service|communication"),
            ("Altid til at stole på, også når det brænder.", "quality|service"),
        ),
    },
    "nl": {
        "critic": (
            ("Voor de derde keer een foute factuur en niemand belt terug.", "invoicing"),
            ("De levering was weer te laat.", "delivery"),
            ("Wij wachten dagen op antwoord van support.", "support_wait|communication"),
            ("De prijs stijgt, de kwaliteit niet.", "price|quality"),
            ("Elke keer iemand anders aan de lijn.", "service|communication"),
        ),
        "passive": (
            ("Goed product, maar de levertijd wisselt.", "delivery"),
            ("Prettig contact, graag wat sneller.", "support_wait"),
            ("Prima, niets bijzonders.", ""),
            ("Offertes mogen duidelijker.", "price|communication"),
            ("Het portaal is traag, verder goed.", "product"),
        ),
        "promoter": (
            ("Denken echt met ons mee.", "service|communication"),
            ("Kwaliteit is altijd in orde.", "quality"),
        ),
    },
    "en": {
        "critic": (
            ("Third wrong invoice in a row, and nobody calls back.", "invoicing|communication"),
            ("Late again, and we heard it from the driver.", "delivery|communication"),
            ("Support tickets sit for a week.", "support_wait"),
            ("The contract reads as if we were the enemy.", "contract"),
            ("Two complaints about the same seal, and no answer yet.", "quality|communication"),
            ("A new contact person every quarter.", "service|communication"),
        ),
        "passive": (
            ("Good parts, lead times vary.", "delivery"),
            ("Fine so far. Nothing stands out.", ""),
            ("Good people, slow quotes.", "communication|price"),
            ("The portal is slow, the rest is fine.", "product"),
            ("Solid work. I would like to hear about new things first.", "innovation"),
        ),
        "promoter": (
            ("Great planners. They see trouble before we do.", "service|communication"),
            ("Never let us down in five years.", "quality|delivery"),
        ),
    },
}
IDEAS = {
    "da": "En fælles forecast-side, som begge parter kan se.",
    "nl": "Eén gezamenlijke pagina met de prognose.",
    "en": "A shared forecast page that both sides can see.",
}
