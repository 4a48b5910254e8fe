/* The words of names: persons, organisations, places, numbers of things. Given names and cities are
 * a sample of the common ones that are not common words as well: they serve precision. */
#include "embedded/extractive/lexicon.h"

static const char titles[] =
	"mr mrs ms miss dr prof professor judge justice senator governor mayor president captain "
	"colonel general sergeant sir lady lord rev reverend "
	"herr frau monsieur madame mademoiselle mme mlle señor señora señorita sr sra srta don "
	"doña "
	"dottore dottoressa signor signora mevrouw meneer";

static const char credentials[] = "phd esq rn cpa dds jd dvm cfa mph mba llm";

static const char given_names_english[] =
	"aaron abigail adam adrian alan albert alex alexander alexandra alice alison allison "
	"amanda "
	"amelia amy andrea andrew angela anita ann anna anne annie anthony antonia arthur "
	"ashley audrey barbara beatrice benjamin bernard bethany beth betty beverly bradley "
	"brandon "
	"brenda brian bridget bruce bryan caleb cameron carl carla carlos carmen carol caroline "
	"carolyn catherine cecilia charles charlie cheryl chris christian christina christine "
	"christopher cindy claire clara colin connie craig cynthia daniel danielle "
	"danny dana darren david deborah debra dennis derek diana diane donald donna doris dorothy "
	"douglas dylan edgar edith edward edwin eileen elaine eleanor elena eli elijah elizabeth "
	"ella ellen emily emma eric erica erin ernest ethan eugene eva evelyn fiona frances "
	"francis "
	"frank fred frederick gabriel gary george gerald geraldine gina glenn gloria gordon greg "
	"gregory gwendolyn hannah harold harriet harry heather helen helena henry herbert "
	"howard hugh ian irene isaac isabel isabella jack jacob jacqueline jake james jamie jane "
	"janet janice jason jean jeff jeffrey jennifer jenny jeremy jerry jesse jessica jill jim "
	"joan joanna joanne joe joel john johnny jonathan joseph joshua joyce judith judy julia "
	"julian julie justin karen karl kate katherine kathleen kathryn kathy katie keith kelly "
	"ken "
	"kenneth kevin kim kimberly kristen kyle larry laura lauren laurence lawrence leah leonard "
	"leslie lewis liam lillian linda lisa logan lois lori louis louise lucas lucy luke lydia "
	"lynn "
	"madeline malcolm marcus margaret maria marian marie marilyn marion marjorie martha martin "
	"marvin mary matthew maureen maxwell megan melanie melissa meredith michael michelle "
	"miguel "
	"mildred miranda mitchell molly monica morgan nancy naomi natalie natasha nathan nathaniel "
	"neil nicholas nicole nina noah nora norma norman oliver olivia oscar pamela patricia "
	"patrick "
	"paul paula peggy penelope peter philip phillip phyllis priscilla rachel ralph ramona "
	"raymond "
	"rebecca regina rhonda ricardo richard rita robert roberta robin rodney roger roland "
	"ronald "
	"rosa rosemary ross roy russell ruth ryan sally samantha samuel sandra sara sarah scott "
	"sean "
	"sharon sheila shirley simon sophia sophie spencer stacy stanley stella stephanie stephen "
	"steve steven stuart susan suzanne sylvia tara teresa terry theodore theresa thomas "
	"tiffany "
	"timothy tina todd tom tony tracy tyler valerie vanessa vera veronica vicky victor "
	"victoria "
	"vincent vivian walter wanda wayne wendy wesley whitney william wilma yvonne zachary";

static const char given_names_world[] =
	/* German, Dutch, Nordic */
	"anders andreas anja annika antje åse astrid axel bernd birgit björn dieter dirk elke erik "
	"florian franz friedrich fritz georg gerd gerhard gisela greta günter günther hannelore "
	"hans "
	"heike heinrich heinz helga helmut henrik ingrid johan johann johanna johannes jonas jörg "
	"josef jürgen kai karin katja katrin klaus knut kristina kurt lars lena lotte ludwig lukas "
	"manfred markus marlene mathias matthias maximilian michaela moritz niels nils ólafur olaf "
	"olga otto petra rainer reinhard renate rolf rüdiger sabine sebastian sigrid silke stefan "
	"stefanie susanne sven svenja tanja thorsten tobias torsten ulrich ursula uwe volker "
	"werner "
	"willem wilhelm wolfgang yannick "
	/* French */
	"amélie andré antoine aurélie benoît bernadette camille céline chantal chloé christophe "
	"claude clément cédric delphine denis didier édouard élise émilie éric étienne fabien "
	"françois françoise frédéric gaëlle geneviève gérard guillaume hélène henri hervé hugo "
	"isabelle jacques jérôme joël julien laetitia laurent léa "
	"lucie luc manon marc margaux marguerite mathieu maxime mélanie michel monique nathalie "
	"nicolas noémie océane odile olivier pascal patrice philippe pierre quentin raphaël rémi "
	"renée sébastien simone sylvie théo thérèse thierry valérie véronique virginie xavier yves "
	"yvette zoé zoë "
	/* Spanish, Portuguese, Italian */
	"adriana agustín alejandra alejandro alessandra alessandro alfonso alfredo álvaro ana "
	"andrés "
	"ángel antonio beatriz bruno camila carlo catalina chiara claudia claudio cristina daniela "
	"diego domingo eduardo elisa emilio enrique ernesto esteban federica federico felipe "
	"fernanda fernando francesca francesco francisco gabriela giacomo gianluca giorgio "
	"giovanna "
	"giovanni giulia giuseppe gonzalo guadalupe guillermo gustavo héctor hernán ignacio inés "
	"isabela iván javier jesús joão joaquín jorge josé josefina juan juana julio lorenzo "
	"lourdes "
	"lucía luigi luis luisa manuel manuela marcela marcelo marco marcos mariana mario marta "
	"martín mateo matteo mauricio mercedes miguel mónica natalia nicolás nuria óscar pablo "
	"paola "
	"paolo patricio paulo pedro pilar rafael ramón raúl roberto rocío rodrigo rosario rubén "
	"salvador salvatore santiago sergio silvia sofía sofia stefano susana thiago tomás "
	"valentina "
	"vicente vincenzo ximena "
	/* Slavic, Greek, Turkish */
	"agnieszka aleksander aleksandra alexei anastasia andrei andrzej anton ayşe barış bogdan "
	"boris "
	"çelik dimitri dmitri dmitry dragan ekaterina elif emre ewa fatma georgi grzegorz hakan "
	"halina hasan igor ilya irina ivan jakub jan jarosław jerzy kamil katarzyna katerina "
	"konstantin krzysztof leszek ljubica maciej magdalena małgorzata marek mehmet michał "
	"mikhail "
	"milan milena miroslav mustafa nadia natalya nikita nikolai nikos oleg oksana ondřej paweł "
	"petr piotr radek roman sergei slobodan stanislav svetlana tatiana tomasz vladimir vasily "
	"wojciech yuri yelena zbigniew zeynep "
	/* Arabic, Persian, Hebrew, African, South and East Asian */
	"aaliyah abdul abdullah abena achieng adebayo adwoa ahmad ahmed aisha ajay akiko akira ali "
	"alia amina amir amit anand anil anjali ananya aparna arjun arun asha ashok ayesha "
	"babatunde "
	"bilal binh chidi chinedu chiamaka deepa deepak devi dinesh divya ebony emeka esra farah "
	"farid faisal fatima feng ganesh gaurav geeta habib haruki hassan hiroshi hideo hussein "
	"ibrahim imran indira jamal kamala karim kavita kenji khadija khalid kiran kofi "
	"kumar "
	"kwame lakshmi layla leila lakeisha mahmoud malik manish manoj maryam "
	"meera "
	"miriam mohamed mohammad mohammed mohan moshe muhammad nadeem naoki neha ngozi "
	"nguyen "
	"nikhil nisha noura nuru obinna olumide omar padma parvati pooja pradeep prakash priya "
	"rahul "
	"raj raja rajesh rakesh ramesh ravi reza rohan rohit rukhsana sadia said sakura salim "
	"salma "
	"sameer samira sandeep sanjay sanjeev santosh seema shanti shimon shirin shinji sita "
	"suresh "
	"sunil sunita suleiman takashi takeshi tamika tanvi temitope thabo thandiwe tomoko usha "
	"vijay "
	"vikram vinod wanjiru yasmin yasmine yoko yousef yuki yusuf zainab zahra zoltan";

static const char name_particles[] =
	"van von der den de da di del della do dos du la le bin ibn al el ter ten zu y";

static const char name_labels[] =
	"name attn attention contact coordinator manager director supervisor signed by signatory "
	"representative author prepared_by approved_by reviewed_by submitted_by sincerely regards "
	"patient employee tenant landlord buyer seller witness trainer instructor physician";

static const char org_legal[] =
	"inc incorporated corp corporation llc llp lllp lp ltd limited plc pllc pc gmbh ag kg kgaa "
	"mbh ug ohg se sa sas sarl sàrl srl spa sl slu bv nv oy oyj ab asa aps pty pte ltda eurl "
	"kk "
	"cv nyrt kft sro doo ooo bhd";

static const char org_heads[] =
	"club organization organisation university college institute institut bank hospital clinic "
	"gymnasium gym studio "
	"foundation stiftung society association agency authority commission ministry council "
	"union "
	"church museum insurance insurers assurance mutual holdings holding partners industries "
	"airlines airways technologies laboratories pharmaceuticals logistics consulting "
	"consultants "
	"associates enterprises ventures brothers bros bancorp trust school academy university "
	"health_plan health_system health_insurance credit_union fitness_center fitness_centre "
	"fitness_club athletic_club recreation_hall recreation_center wellness_center "
	"wellness_studio "
	"wellness_club medical_center health_center community_center health_club city_council "
	"school_district police_department health_department yoga_studio sports_club "
	"company group versicherung krankenkasse universität universidad université università "
	"verein verband hospital klinik";

static const char org_of[] =
	"university universität universidad université università bank department ministry "
	"institute "
	"college museum church bureau board chamber federation confederation academy";

static const char places[] =
	/* states of the USA; those that are given names too come behind "City," or "State of" */
	"alabama alaska arizona arkansas california colorado connecticut delaware florida georgia "
	"hawaii idaho illinois indiana iowa kansas kentucky louisiana maine maryland massachusetts "
	"michigan minnesota mississippi missouri montana nebraska nevada new_hampshire new_jersey "
	"new_mexico new_york north_carolina north_dakota ohio oklahoma oregon pennsylvania "
	"rhode_island south_carolina south_dakota tennessee texas utah vermont virginia washington "
	"west_virginia wisconsin wyoming puerto_rico district_of_columbia "
	"ontario québec quebec alberta manitoba saskatchewan nova_scotia british_columbia "
	"new_brunswick newfoundland queensland new_south_wales bavaria "
	/* countries */
	"afghanistan albania algeria andorra angola argentina armenia australia austria azerbaijan "
	"bahrain bangladesh barbados belarus belgium belize bhutan bolivia botswana brazil brasil "
	"bulgaria cambodia cameroon canada chile china colombia costa_rica croatia cuba cyprus "
	"czechia czech_republic denmark dominican_republic ecuador egypt el_salvador england "
	"estonia "
	"ethiopia finland france gabon germany deutschland ghana greece guatemala haiti honduras "
	"hong_kong hungary iceland india indonesia iran iraq ireland israel italy italia jamaica "
	"japan kazakhstan kenya kuwait laos latvia lebanon liberia libya liechtenstein lithuania "
	"luxembourg madagascar malaysia malta mauritius mexico méxico moldova monaco mongolia "
	"montenegro morocco mozambique myanmar namibia nepal netherlands new_zealand nicaragua "
	"nigeria north_macedonia northern_ireland norway oman österreich pakistan panama paraguay "
	"peru perú philippines poland portugal qatar romania russia rwanda saudi_arabia schweiz "
	"scotland senegal serbia singapore slovakia slovenia somalia south_africa south_korea "
	"spain "
	"españa sri_lanka sudan suisse sweden switzerland syria taiwan tanzania thailand tunisia "
	"türkiye uganda ukraine united_arab_emirates united_kingdom united_states "
	"united_states_of_america uruguay uzbekistan venezuela vietnam wales yemen zambia zimbabwe "
	/* cities */
	"albuquerque amsterdam anchorage ankara antwerp athens atlanta auckland baghdad baltimore "
	"bangalore bangkok barcelona basel beijing belfast belgrade bengaluru berlin bern "
	"birmingham "
	"bogotá bogota boise bologna bombay bordeaux boston brasília bratislava bremen brisbane "
	"brooklyn "
	"brussels bucharest budapest buenos_aires buffalo cairo calgary cambridge canberra "
	"cape_town "
	"caracas casablanca chennai chicago cincinnati cleveland cologne copenhagen dakar dallas "
	"damascus delhi denver des_moines detroit dhaka dresden dubai dublin dubrovnik durban "
	"düsseldorf edinburgh edmonton el_paso essen fort_worth frankfurt fresno gdańsk geneva "
	"genève "
	"genoa glasgow gothenburg guadalajara guangzhou hamburg hannover hanoi havana helsinki "
	"honolulu houston hyderabad indianapolis islamabad istanbul jacksonville jakarta jerusalem "
	"johannesburg kansas_city karachi kathmandu kiev kobe kolkata köln kraków kuala_lumpur "
	"kyiv "
	"kyoto lagos lahore las_vegas lausanne leeds leipzig lima lisbon lisboa liverpool "
	"ljubljana "
	"london los_angeles louisville luanda lyon madrid málaga manchester manhattan manila "
	"marseille "
	"medellín melbourne memphis mexico_city miami milan milano milwaukee minneapolis minsk "
	"montevideo montréal montreal moscow mumbai munich münchen nagoya nairobi nantes naples "
	"nashville new_delhi new_orleans newark nottingham nuremberg nürnberg oakland odesa "
	"oklahoma_city osaka oslo ottawa palermo paris perth philadelphia phoenix pittsburgh "
	"portland porto prague pyongyang quito raleigh reykjavík reykjavik riga rio_de_janeiro "
	"riyadh "
	"rome roma rotterdam sacramento salt_lake_city salzburg san_antonio san_diego "
	"san_francisco "
	"san_jose san_juan santo_domingo são_paulo sao_paulo sarajevo savannah seattle seoul "
	"sevilla "
	"seville shanghai shenzhen sheffield spokane st_louis stockholm strasbourg "
	"stuttgart sydney taipei tallinn tampa tampere tbilisi tehran tel_aviv the_hague "
	"thessaloniki "
	"tokyo toledo toronto toulouse trondheim tucson tulsa tunis turin turku uppsala utrecht "
	"valencia vancouver venice vienna vilnius warsaw warszawa wien winnipeg wrocław yokohama "
	"zagreb zürich zurich";

static const char state_codes[] = "al ak az ar ca co ct de fl ga hi id il in ia ks ky la me md ma "
				  "mi mn ms mo mt ne nv nh nj nm "
				  "ny nc nd oh ok or pa ri sc sd tn tx ut vt va wa wv wi wy dc pr "
				  "ab bc mb nb nl ns nt nu on pe "
				  "qc sk yt nsw vic qld";

static const char streets[] = "street st avenue ave road rd boulevard blvd drive dr lane ln way "
			      "court ct place pl square sq "
			      "parkway pkwy highway hwy terrace circle crescent close";

/* Written with capitals in headings, forms and contracts without naming anybody. */
static const char generic_to_l[] =
	"access account accounts action address addresses admin administration administrative "
	"affiliate agreement agreements amendment amendments amount amounts annual annex appendix "
	"application approved april article articles assignment attendance audit august authorized "
	"balance base basic bank benefit benefits bill billing board body bonus building business "
	"buyer call care case category center centre certificate chapter chief city claim claims "
	"clause client code commercial committee communication community company compensation "
	"compliance conditions confidential confidentiality contact contract contracts contractor "
	"contractual coordinator copyright corporate cost costs country county court coverage "
	"credit current "
	"customer customers daily data date days dear december default definitions delivery "
	"department deposit description details development digital director disclosure discount "
	"dispute district division document documents draft due east eastern education effective "
	"eligible eligibility email emergency employee employees employer employment enrollment "
	"enrollee entire environmental equipment error estate event events executive exhibit "
	"expense "
	"expenses external facilities facility family february federal fee fees figure file final "
	"finance financial first fiscal fitness floor force form foreign free friday full fund "
	"further general global government governing grand gross group guest guide guidelines "
	"handbook head health high home hours house human implementation important incentive "
	"income "
	"indemnification index individual industrial information initial insurance insured "
	"interest "
	"internal international introduction invoice invoices item january joint july june key "
	"labor "
	"land landlord law laws lease legal letter level liability license limitation limited line "
	"list local location locations long main maintenance management manager manual march "
	"market "
	"marketing material maximum may media medical medicine member members membership "
	"memorandum "
	"message method minimum model monday month monthly monitoring mobile municipal name "
	"national "
	"natural net new next north northern note notes notice notices november number objective ";

static const char generic_from_m[] =
	"october office officer official online open operating operations operator option order "
	"other overview owner page pages part participant participating participation parties "
	"party "
	"password patient payment payments pending people per performance period person personal "
	"phone physical place plan plans please point policies policy power premium present price "
	"pricing primary principal privacy private problem procedure procedures process product "
	"production products professional program programs project projects property proposal "
	"protected provider provisions public purchase purpose quality quantity quarter quarterly "
	"question questions rate rates real receipt record records reference regional registration "
	"regulation regulations related release renewal rent report reporting reports "
	"representative "
	"request requirements research resolution resource resources response responsibilities "
	"retail retirement revenue review right rights risk rule rules safety sales saturday "
	"savings "
	"schedule schedules school science scope second secretary section sections security seller "
	"senior september service services session shared short signature site small social "
	"software "
	"source south southern special specific staff staffing standard standards state statement "
	"station status street strategy student subject sub subtotal sum summary sunday supplement "
	"supplier supply support system systems table tax team technical technology telephone "
	"tenant "
	"term termination terms test third this thursday ticket tier time title to total trade "
	"training transfer transition travel treatment tuesday type undersigned unit united update "
	"use user vendor version visit visits volume wednesday weekly welcome wellness west "
	"western "
	"work working year yearly zone athletic recreation recreational sports gym studio club "
	"hall "
	"thanks thank sincerely regards today tomorrow yesterday "
	"attorney counsel president vice chairman chairperson trustee trustees witness witnesses "
	"annexe artikel abschnitt anlage vertrag rechnung seite datum kunde nummer betrag summe "
	"article annexe contrat facture date client numéro montant total contrato factura fecha "
	"cliente número importe";

static const char references[] =
	"section schedule exhibit appendix annex article clause part chapter figure table "
	"attachment "
	"addendum paragraph tier level phase class group grade option plan vitamin category type "
	"artikel abschnitt anlage annexe anexo";

static const char phone_cues[] = "phone telephone tel fax mobile cell call called callback contact "
				 "reached ring text phones telefon telefax "
				 "téléphone teléfono telefono "
				 "telefone handy hotline dial sms whatsapp ph rufnummer";

static const char id_labels[] =
	"contract invoice policy account acct case order claim member membership customer "
	"reference "
	"ref ticket docket permit license licence serial tracking po purchase group npi ein vat "
	"tax "
	"taxpayer iban agreement file document record certificate registration patient client "
	"employee batch lot part project receipt confirmation booking application passport "
	"vertrag mietvertrag kaufvertrag arbeitsvertrag vertrags rechnung rechnungs kunden "
	"auftrags policen steuer facture contrat "
	"commande "
	"dossier factura contrato pedido póliza expediente";

/* What is numbered and "number" in one word. */
static const char id_labels_marked[] =
	"vertragsnummer rechnungsnummer kundennummer auftragsnummer bestellnummer policennummer "
	"steuernummer mitgliedsnummer aktenzeichen iban ein npi";

static const char id_markers[] = "no nr num number numbers id ids nummer numéro número nº";

static const char id_prefixes[] = "mem mbr loc ctr inv ref ord cus acc pol clm tkt po doc";

static const char standards[] = "iso iec din en ansi astm ieee rfc nist bs";

const struct q__word_list q__name_lists[] = {
	{Q__TITLE, titles},
	{Q__CREDENTIAL, credentials},
	{Q__GIVEN_NAME, given_names_english},
	{Q__GIVEN_NAME, given_names_world},
	{Q__NAME_PARTICLE, name_particles},
	{Q__NAME_LABEL, name_labels},
	{Q__ORG_LEGAL, org_legal},
	{Q__ORG_HEAD, org_heads},
	{Q__ORG_OF, org_of},
	{Q__PLACE, places},
	{Q__STATE_CODE, state_codes},
	{Q__STREET, streets},
	{Q__GENERIC, generic_to_l},
	{Q__GENERIC, generic_from_m},
	{Q__REFERENCE, references},
	{Q__PHONE_CUE, phone_cues},
	{Q__ID_LABEL, id_labels},
	{Q__ID_LABEL | Q__ID_MARKER, id_labels_marked},
	{Q__ID_MARKER, id_markers},
	{Q__ID_PREFIX, id_prefixes},
	{Q__STANDARD, standards},
	{0, NULL},
};
