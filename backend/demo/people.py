"""Invented names, as they are met in Belgium."""

GIVEN = """Adam Aïcha Amélie An Anaïs Anke Antoine Arthur Aurélie Axelle Bart Bram Brecht Camille Catherine Céline Chloé
Christophe Clara Daan David Dirk Elias Élise Élodie Emma Emre Erik Eva Fatima Femke Filip Florence Geert Gilles Griet
Hanne Hugo Ilse Imane Ines Jan Jasper Jeroen Joke Jonas Julie Karel Karim Kim Koen Lars Laura Léa Leen Lies Lieve Lina
Lotte Louis Luc Lucas Malik Marc Margaux Marie Mathilde Matteo Maxime Mehdi Mila Mohamed Nadia Nathalie Nele Nicolas
Noah Nora Olivia Olivier Pauline Pieter Quinten Rachid Rani Robin Romain Ruben Sam Samira Sander Sara Sébastien Simon
Sofia Stijn Sven Tess Thomas Tom Ugo Valérie Veerle Victor Wim Wout Yasmina Youssef Yusuf Zoé""".split()

FAMILY = """Adam Aerts Baert Baudoin Bauwens Benali Bernard Bogaert Bosmans Bouazza Callens Carlier Charlier Claes Claessens
Coppens Cools Declercq Delvaux Demir Denis Deprez De Backer De Clercq De Cock De Meyer De Smet De Vos De Wilde Dubois
Dumont Dupont El Amrani Evrard François Fontaine Gérard Gillet Goossens Hendrickx Henry Hermans Jacobs Janssens Kaya
Lambert Lambrecht Laurent Leclercq Lefèvre Lejeune Lemaire Lemmens Leroy Maes Marchal Martens Martin Mertens Michel
Michiels Moreau Nicolas Nijs Noël Ouali Pauwels Peeters Petit Pieters Pirotte Poncelet Renard Robert Roels Sanchez
Segers Simon Smets Stevens Thijs Thiry Timmermans Toussaint Vandamme Van Damme Van den Broeck Van Dyck Van Hoof
Verbeke Verhaegen Verhoeven Vermeulen Vincent Wauters Willems Wouters Yilmaz Ziani Çelik""".replace(
    "De ", "De_"
).replace("El ", "El_").replace("Van den ", "Van_den_").replace("Van ", "Van_").split()

FAMILY = [name.replace("_", " ") for name in FAMILY]
