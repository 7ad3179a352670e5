"""The words a made-up network is built from: towns with their streets and school zone, franchises, names.

Data only; `network.py` and `members.py` draw from it. No address is a gym's, no name a member's.
"""

# City, district, street, school zone: in this order, so that the first gym of every network is Dax.
PLACES = (
    ("Dax", "Centre", "12 rue des Carmes", "A"), ("Pau", "Université", "4 avenue de l'Université", "A"),
    ("Bayonne", "Saint-Esprit", "21 boulevard Alsace-Lorraine", "A"),
    ("Bordeaux", "Chartrons", "88 cours de la Marne", "A"), ("Toulouse", "Minimes", "35 avenue des Minimes", "C"),
    ("Biarritz", "Plage", "7 avenue de l'Océan", "A"), ("Mont-de-Marsan", "Centre", "3 place Saint-Roch", "A"),
    ("Tarbes", "Ormeau", "15 rue de l'Ormeau", "C"), ("Agen", "Gare", "9 boulevard Carnot", "A"),
    ("Bordeaux", "Lac", "2 rue du Grand-Parc", "A"), ("Toulouse", "Rangueil", "51 route de Narbonne", "C"),
    ("Montpellier", "Antigone", "6 rue de l'Acropole", "C"), ("Nîmes", "Arènes", "17 rue Porte de France", "C"),
    ("Perpignan", "Saint-Jacques", "28 avenue du Lycée", "C"), ("Limoges", "Centre", "5 boulevard Louis-Blanc", "A"),
    ("Angoulême", "Plateau", "11 rue de Périgueux", "A"), ("La Rochelle", "Port", "40 quai Duperré", "A"),
    ("Niort", "Brèche", "8 place de la Brèche", "A"), ("Poitiers", "Gare", "14 boulevard du Grand-Cerf", "A"),
    ("Nantes", "Erdre", "23 quai de Versailles", "B"), ("Rennes", "Beaulieu", "1 allée de Beaulieu", "B"),
    ("Brest", "Siam", "60 rue de Siam", "B"), ("Angers", "Maine", "19 boulevard Foch", "B"),
    ("Tours", "Cher", "33 avenue de Grammont", "B"), ("Orléans", "Loire", "10 quai du Châtelet", "B"),
    ("Lyon", "Part-Dieu", "77 rue Garibaldi", "A"), ("Lyon", "Confluence", "5 quai Perrache", "A"),
    ("Grenoble", "Europole", "26 rue de la Gare", "A"), ("Dijon", "Toison d'Or", "4 route de Langres", "A"),
    ("Strasbourg", "Neudorf", "52 route du Polygone", "B"), ("Nancy", "Stanislas", "13 rue Saint-Jean", "B"),
    ("Reims", "Boulingrin", "18 rue de Mars", "B"), ("Lille", "Wazemmes", "66 rue Gambetta", "B"),
    ("Rouen", "Seine", "29 quai de Paris", "B"), ("Le Havre", "Docks", "3 quai Frissard", "B"),
    ("Caen", "Rives de l'Orne", "12 rue de la Gare", "B"), ("Marseille", "Prado", "120 avenue du Prado", "B"),
    ("Nice", "Libération", "31 avenue Malausséna", "B"), ("Toulon", "Mourillon", "8 boulevard Bazeilles", "B"),
    ("Aix-en-Provence", "Rotonde", "2 avenue des Belges", "B"), ("Paris", "Bastille", "14 rue de Charenton", "C"),
    ("Paris", "Batignolles", "52 avenue de Clichy", "C"), ("Paris", "Bercy", "9 rue de Dijon", "C"),
    ("Paris", "Montparnasse", "31 rue de l'Arrivée", "C"),
    ("Boulogne-Billancourt", "Seine", "70 avenue du Général-Leclerc", "C"),
    ("Saint-Denis", "Plaine", "12 avenue du Stade", "C"), ("Créteil", "Lac", "5 rue de l'Échat", "C"),
    ("Versailles", "Chantiers", "22 rue des États-Généraux", "C"), ("Cergy", "Préfecture", "3 rue des Galeries", "C"),
    ("Évry", "Agora", "18 boulevard des Coquibus", "C"), ("Melun", "Gare", "27 avenue Thiers", "C"),
    ("Nanterre", "Arena", "8 rue des Longues-Raies", "C"), ("Montreuil", "Robespierre", "41 rue de Paris", "C"),
    ("Clermont-Ferrand", "Jaude", "6 rue Blatin", "A"), ("Besançon", "Battant", "16 quai Vauban", "A"),
    ("Saint-Étienne", "Châteaucreux", "11 avenue Denfert-Rochereau", "A"),
    ("Annecy", "Courier", "4 avenue de Brogny", "A"), ("Chambéry", "Gare", "25 rue Sommeiller", "A"),
    ("Valence", "Centre", "38 avenue Victor-Hugo", "A"), ("Villeurbanne", "Gratte-Ciel", "90 cours Émile-Zola", "A"),
    ("Mâcon", "Saône", "7 quai Lamartine", "A"), ("Chalon-sur-Saône", "Centre", "19 rue d'Uxelles", "A"),
    ("Brive", "Gare", "2 avenue Jean-Jaurès", "A"), ("Périgueux", "Centre", "13 rue Gambetta", "A"),
    ("Bergerac", "Dordogne", "24 rue Neuve-d'Argenson", "A"), ("Mérignac", "Soleil", "55 avenue de la Somme", "A"),
    ("Pessac", "Campus", "10 avenue de l'Université", "A"),
    ("Arcachon", "Ville-d'Été", "29 boulevard de la Plage", "A"), ("Libourne", "Bastide", "17 rue Gambetta", "A"),
    ("Anglet", "Cinq-Cantons", "36 avenue de Biarritz", "A"), ("Hendaye", "Plage", "8 boulevard de la Mer", "A"),
    ("Lons", "Perlic", "5 avenue du Perlic", "A"), ("Albi", "Lapérouse", "21 avenue du Général-de-Gaulle", "C"),
    ("Castres", "Centre", "15 rue d'Empare", "C"), ("Montauban", "Villebourbon", "33 avenue Chamier", "C"),
    ("Auch", "Gers", "6 quai Lissagaray", "C"), ("Rodez", "Bourran", "12 avenue de Bourran", "C"),
    ("Carcassonne", "Bastide", "44 boulevard Omer-Sarraut", "C"), ("Narbonne", "Canal", "9 quai Victor-Hugo", "C"),
    ("Béziers", "Polygone", "28 carrefour de l'Hours", "C"), ("Sète", "Port", "16 quai de la Résistance", "C"),
    ("Blagnac", "Aéroport", "3 avenue Didier-Daurat", "C"), ("Colomiers", "Centre", "20 allée du Rouergue", "C"),
    ("Avignon", "Remparts", "37 boulevard Saint-Roch", "B"), ("Arles", "Trinquetaille", "11 quai de la Gabelle", "B"),
    ("Cannes", "Bocca", "54 avenue Francis-Tonner", "B"), ("Antibes", "Juan", "8 boulevard Wilson", "B"),
    ("Metz", "Gare", "23 rue aux Arènes", "B"), ("Mulhouse", "Dollfus", "14 rue de la Sinne", "B"),
    ("Colmar", "Ladhof", "30 rue du Ladhof", "B"), ("Troyes", "Bouchon", "5 rue Urbain-IV", "B"),
    ("Amiens", "Gare", "26 rue de Noyon", "B"), ("Dunkerque", "Grand-Large", "18 rue du Gouvernement", "B"),
    ("Roubaix", "Union", "42 rue de l'Alma", "B"), ("Valenciennes", "Centre", "7 rue de Famars", "B"),
    ("Saint-Nazaire", "Ville-Port", "9 avenue de la République", "B"),
    ("Le Mans", "République", "35 rue Gambetta", "B"), ("Cholet", "Centre", "12 rue Nationale", "B"),
    ("Vannes", "Rive-Gauche", "4 rue du Port", "B"), ("Lorient", "Enclos", "20 rue de Liège", "B"),
    ("Quimper", "Odet", "16 boulevard de Kerguelen", "B"), ("Saint-Malo", "Rocabey", "50 avenue Jean-Jaurès", "B"),
)  # fmt: skip

# Where more days than the mainland's are public holidays.
HOLIDAY_REGIONS = {"Strasbourg": "alsace", "Mulhouse": "alsace", "Colmar": "alsace", "Metz": "moselle"}

FRANCHISES = (
    ("Atlantique Forme", "Bayonne", "pro"), ("Gascogne Fitness", "Pau", "starter"),
    ("Garonne Club", "Toulouse", "enterprise"), ("Loire Énergie", "Nantes", "pro"),
    ("Rhône Sport", "Lyon", "pro"), ("Grand Nord Forme", "Lille", "starter"),
    ("Méditerranée Club", "Marseille", "enterprise"), ("Est Vitalité", "Strasbourg", "pro"),
)  # fmt: skip

MEN = (
    "Julien", "Karim", "Thomas", "Mehdi", "Nicolas", "Romain", "Sébastien", "Bruno", "Cédric", "Kévin", "Laurent",
    "Patrice", "Rachid", "Vincent", "Yann",
)  # fmt: skip
WOMEN = (
    "Sofia", "Mathilde", "Clara", "Laure", "Nadia", "Pauline", "Sandrine", "Virginie", "Camille", "Jeanne", "Lucie",
    "Marion", "Samira", "Sarah", "Chloé",
)  # fmt: skip
FIRST_NAMES = MEN + WOMEN + (
    "Adèle", "Alain", "Amandine", "Antoine", "Aurélie", "Bastien", "Béatrice", "Benoît", "Brigitte", "Caroline",
    "Catherine", "Christophe", "Claire", "Damien", "Delphine", "Didier", "Élodie", "Éric", "Fanny", "Florian",
    "Françoise", "Gaëlle", "Guillaume", "Hélène", "Hugo", "Inès", "Isabelle", "Jérôme", "Joël", "Karine", "Léa",
    "Léo", "Louis", "Maëlle", "Marc", "Margaux", "Michel", "Mohamed", "Monique", "Noémie", "Odile", "Olivier",
    "Paul", "Philippe", "Quentin", "Raphaël", "Sabrina", "Sylvie", "Théo", "Valérie", "Xavier", "Yasmine", "Zoé",
)  # fmt: skip
SURNAMES = (
    "Martin", "Bernard", "Dubois", "Lafitte", "Etcheverry", "Castagnet", "Moreau", "Laurent", "Benali", "Lefèvre",
    "Garcia", "Roux", "Fontaine", "Chevalier", "Larrieu", "Dufau", "Haddad", "Nguyen", "Da Silva", "Marchand",
    "Perrin", "Barthe", "Cazenave", "Diallo", "Picard", "Lemoine", "Renaud", "Duprat", "Lacoste", "Sanchez",
)  # fmt: skip
